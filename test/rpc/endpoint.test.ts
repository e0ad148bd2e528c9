/**
 * The addresses that RPC is served at, on a simulated machine: its sockets have paths and survive
 * crashes as real ones do.
 */
import { expect, test } from "vitest";
import { World } from "../../runtimes/sim/mod.ts";
import { dial, EndpointError, endText, listenAt } from "../../src/rpc/endpoint.ts";
import type { Connection, Runtime } from "../../src/runtime.ts";

const nobody = (connection: Connection): void => connection.close();

async function onMachine(body: (runtime: Runtime, world: World) => Promise<void>): Promise<void> {
  const world = new World({ seed: 1 });
  const runtime = world.addHost("a", "10.0.0.1");
  await world.settle(body(runtime, world));
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EndpointError);
  return (error as EndpointError).message;
}

test.each([
  "unix:/data/s",
  "unix:///data/s",
])("%s is a socket that only its owner may use", async (address) => {
  await onMachine(async (runtime) => {
    const listener = await listenAt(runtime, address, nobody);
    expect(listener.local).toEqual({ host: "/data/s", port: 0 });
    expect(endText(listener.local)).toBe("unix:/data/s");
    expect((await runtime.files.status("/data/s")).mode).toBe(0o600);
    (await dial(runtime, address, 1000)).close();
    await listener.close();
    expect(await refusal(dial(runtime, address, 1000))).toBe(
      "dial unix /data/s: connect: no such file or directory",
    );
  });
});

test("a socket in use is not taken over", async () => {
  await onMachine(async (runtime) => {
    const listener = await listenAt(runtime, "unix:/data/s", nobody);
    expect(await refusal(listenAt(runtime, "unix:/data/s", nobody))).toBe(
      "listen unix /data/s: bind: address already in use",
    );
    (await dial(runtime, "unix:/data/s", 1000)).close();
    await listener.close();
  });
});

test("a socket whose agent has crashed is replaced", async () => {
  const world = new World({ seed: 1 });
  const before = world.addHost("a", "10.0.0.1");
  await world.settle(listenAt(before, "unix:/data/s", nobody));
  world.crash("a");
  const after = world.restart("a");
  await world.settle(
    (async () => {
      expect(await refusal(dial(after, "unix:/data/s", 1000))).toBe(
        "dial unix /data/s: connect: connection refused",
      );
      await listenAt(after, "unix:/data/s", nobody);
      (await dial(after, "unix:/data/s", 1000)).close();
    })(),
  );
});

test("a file that is not a socket is left unchanged", async () => {
  await onMachine(async (runtime) => {
    await runtime.files.replace("/data/s", Uint8Array.of(1), 0o600);
    expect(await refusal(listenAt(runtime, "unix:/data/s", nobody))).toBe(
      "listen unix /data/s: bind: address already in use",
    );
    expect(await runtime.files.read("/data/s")).toEqual(Uint8Array.of(1));
  });
});

test.each([
  ["unix:/none/s", "listen unix /none/s: bind: no such file or directory"],
  ["unix:", "listen unix : bind: Cannot listen : the path is empty"],
  [
    `unix:/${"x".repeat(103)}`,
    `listen unix /${"x".repeat(103)}: bind: Cannot listen /${"x".repeat(103)}: the path has 104 bytes, more than 103`,
  ],
  ["127.0.0.1", "listen tcp: address 127.0.0.1: missing port in address"],
  ["10.9.9.9:7373", "listen tcp 10.9.9.9:7373: bind: cannot assign requested address"],
])("%s cannot be listened at, with a reason", async (address, text) => {
  await onMachine(async (runtime) => {
    expect(await refusal(listenAt(runtime, address, nobody))).toBe(text);
  });
});
