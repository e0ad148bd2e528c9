/**
 * What every runtime must do, written once. Each runtime has an entry that passes how to open a
 * {@link Subject}, and runs on the runtime that it tests. An entry that lacks a part of the suite
 * gives the reason.
 */
import { expect, it } from "vitest";
import { type Address, type Runtime, SystemError, type SystemErrorCode } from "../../src/runtime.ts";

/** A runtime under test and its surroundings. */
export interface Subject {
  readonly runtime: Runtime;
  /** Another host that reaches the first; a real machine is its own peer. */
  readonly peer: Runtime;
  /** Addresses of the first host and of the peer, in pairs of one family. */
  readonly routes: readonly { readonly host: string; readonly peerHost: string }[];
  /** An existing empty directory. */
  readonly directory: string;
  /** An endpoint that neither accepts nor refuses connections. */
  silentEndpoint(): Promise<Address>;
  /** Runs a body to its end; the simulator advances its world meanwhile. */
  drive(body: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Opens a fresh subject for one test. */
export type OpenSubject = () => Promise<Subject>;

/** One test of a part of the suite. */
export type Check = (sentence: string, body: (subject: Subject) => Promise<void>) => void;

/** Makes the function with which a part of the suite declares its tests. */
export function checks(open: OpenSubject): Check {
  return (sentence, body) => {
    it(sentence, async () => {
      const subject = await open();
      try {
        await subject.drive(() => body(subject));
      } finally {
        await subject.close();
      }
    });
  };
}

/** Expects a promise to fail with one of the codes, as a SystemError that names its operation. */
export async function expectFailure(
  attempt: Promise<unknown>,
  ...codes: SystemErrorCode[]
): Promise<SystemError> {
  const outcome = await attempt.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in outcome)
    expect.fail(`Expected a failure with ${codes.join(" or ")}, got ${String(outcome.value)}`);
  const { error } = outcome;
  if (!(error instanceof SystemError)) throw error;
  expect(codes).toContain(error.code);
  expect(error.operation).not.toBe("");
  return error;
}

/** Waits on the runtime's own clock. */
export function pause(runtime: Runtime, ms: number): Promise<void> {
  return new Promise((resolve) => {
    runtime.clock.after(ms, resolve);
  });
}

/** Waits until a condition holds; fails after `limitMs` with what was waited for. */
export async function until(
  runtime: Runtime,
  what: string,
  condition: () => boolean,
  limitMs = 5_000,
): Promise<void> {
  const end = runtime.clock.now() + limitMs;
  while (!condition()) {
    if (runtime.clock.now() > end) expect.fail(`Waited ${limitMs} ms in vain for ${what}`);
    await pause(runtime, 5);
  }
}

/** Bytes that differ by position. */
export function pattern(size: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 1) bytes[index] = (index * 31 + (index >> 8) + seed) & 0xff;
  return bytes;
}
