import { expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { FakeRuntime } from "../agent/fakes.ts";
import { agent } from "./world.ts";

const encoder = new TextEncoder();

/** Runs a command whose arguments are given as bytes, on a runtime that knows them or does not. */
async function called(args: readonly (string | Uint8Array)[], known = true) {
  const { streams, starter } = await agent();
  const lossy = args.map((arg) => (typeof arg === "string" ? arg : new TextDecoder().decode(arg)));
  const fake = new FakeRuntime(lossy, {}, streams);
  const sent: Uint8Array[] = [];
  starter.node.userEvent = (_name, payload) => {
    sent.push(typeof payload === "string" ? encoder.encode(payload) : payload!);
  };
  Object.assign(fake.terminal, {
    rawArgument: (place: number) => {
      const arg = args[place]!;
      return known ? (typeof arg === "string" ? encoder.encode(arg) : arg) : undefined;
    },
  });
  return { code: await main(fake.runtime), stdout: fake.stdout, sent };
}

test.each([
  Uint8Array.of(0x61, 0xff),
  Uint8Array.of(0xff, 0xf0, 0x9f, 0x98, 0x80, 0xe2, 0x82),
  "text with \ufffd",
])("a payload of any bytes is sent as it is: %j", async (payload) => {
  const { code, sent } = await called(["event", "e", payload]);
  expect(code).toBe(0);
  expect(sent).toEqual([typeof payload === "string" ? encoder.encode(payload) : payload]);
});

const bad = Uint8Array.of(0x61, 0xff);

test.each([
  ["a name", ["event", bad, "x"]],
  ["a name alone", ["event", bad]],
  ["a flag", ["event", bad, "e", "x"]],
  ["an argument of another command", ["join", bad]],
  ["a flag of the agent", ["agent", bad]],
])("%s has to be text", async (_what, args) => {
  const { code, stdout, sent } = await called(args);
  expect({ code, stdout, sent }).toEqual({
    code: 1,
    stdout: 'An argument is not valid UTF-8: "a\\xff"\n',
    sent: [],
  });
});

test("bytes that nobody knows are refused", async () => {
  const { code, stdout, sent } = await called(["event", "e", bad], false);
  expect({ code, stdout, sent }).toEqual({ code: 1, stdout: "An argument is not valid UTF-8\n", sent: [] });
});
