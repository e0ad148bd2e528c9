import { beforeAll, describe, expect, it } from "vitest";
import { World } from "../../../runtimes/sim/mod.ts";
import { parseOptions } from "../../../src/shell/options/options.ts";
import { Serf } from "../../../src/shell/serf.ts";

const code = "ERR_OPTION";

describe("the options of a node", () => {
  it.each<[unknown, string]>([
    [{ bind: 7946 }, "bind must be text, got 7946"],
    [{ name: null }, "name must be text, got null"],
    [{ tags: "web" }, 'tags must be an object whose values are text, got "web"'],
    [{ tags: { role: 5 } }, 'tags["role"] must be text, got 5'],
    [{ tags: ["web"] }, 'tags must be an object whose values are text, got a list with "web"'],
    [{ encryptKey: new Uint8Array(16) }, "encryptKey must be text, got object"],
    [{ keyring: "c2VjcmV0" }, "keyring must be a list of text, got string"],
    [{ compression: "no" }, 'compression must be true or false, got "no"'],
    [{ protocol: "5" }, 'protocol must be a number, got "5"'],
    [{ allowedCidrs: "10.0.0.0/8" }, 'allowedCidrs must be a list of text, got "10.0.0.0/8"'],
    [
      { log: console },
      "log must be false, a function, or an object with level and write, got an object (console)",
    ],
    [{ metrics: {} }, "metrics must be an object with the methods incr, sample and gauge, got an object"],
    [{ coalesceMs: 5n }, "coalesceMs must be a number, got 5n"],
    [{ snapshot_path: "/s" }, 'unknown option "snapshot_path", did you mean "snapshotPath"?'],
    [{ Bind: "::" }, 'unknown option "Bind", did you mean "bind"?'],
    [{ completelyDifferent: 1 }, 'unknown option "completelyDifferent"'],
    ["web", 'options must be an object, got "web"'],
    [null, "options must be an object, got null"],
  ])("%# are refused with the name, the value and the fault", (options, fault) => {
    expect(() => parseOptions(options as object, () => "host")).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(`Cannot start a node: ${fault}`) }),
    );
  });

  it("that are undefined are not there", () => {
    const options = { name: undefined, tags: undefined, bind: undefined, encryptKey: undefined };
    expect(parseOptions(options as object, () => "host").serf.name).toBe("host");
  });

  it.each([
    ["bind", "127.0.0.1:99999", "the port must be a number from 0 to 65535"],
    ["advertise", "127.0.0.1:http", "the port must be a number from 0 to 65535"],
    ["advertise", "::1", "address ::1: too many colons in address"],
  ])("have addresses that can be used: %s %s", (name, value, fault) => {
    const message = `Cannot start a node: ${name} "${value}": ${fault}`;
    expect(() => parseOptions({ [name]: value }, () => "host")).toThrow(
      expect.objectContaining({ code: "ERR_ADDRESS", message }),
    );
  });
});

describe("the calls of a node", () => {
  let serf: Serf;

  beforeAll(async () => {
    const world = new World({ seed: 1 });
    const host = world.addHost("n1", "10.0.0.1");
    serf = await world.settle(Serf.start({ name: "n1", bind: "10.0.0.1" }, host));
  });

  it.each<[string, string, (node: Untyped) => unknown]>([
    ["join", 'Cannot join: seeds must be a list of text, got "x"', (node) => node.join("x")],
    ["join", "Cannot join: seeds must be a list of text, got a list with 7", (node) => node.join([7])],
    [
      "join",
      'Cannot join: unknown option "sginal", did you mean "signal"?',
      (node) => node.join([], { sginal: 1 }),
    ],
    [
      "join",
      'Cannot join: replay must be true or false, got "yes"',
      (node) => node.join([], { replay: "yes" }),
    ],
    [
      "setTags",
      'Cannot set tags: tags must be an object whose values are text, got "str"',
      (node) => node.setTags("str"),
    ],
    ["setTags", 'Cannot set tags: tags["a"] must be text, got 1', (node) => node.setTags({ a: 1 })],
    [
      "userEvent",
      "Cannot send a user event: payload must be text or a Uint8Array, got an object (Object)",
      (node) => node.userEvent("a", { x: 1 }),
    ],
    [
      "userEvent",
      "Cannot send a user event: payload must be text or a Uint8Array, got an object (ArrayBuffer)",
      (node) => node.userEvent("a", new ArrayBuffer(1)),
    ],
    ["userEvent", "Cannot send a user event: name must be text, got 1", (node) => node.userEvent(1)],
    [
      "userEvent",
      'Cannot send a user event: unknown option "coalesced", did you mean "coalesce"?',
      (node) => node.userEvent("a", "", { coalesced: true }),
    ],
    [
      "query",
      "Cannot ask a query: payload must be text or a Uint8Array, got 1",
      (node) => node.query("q", 1),
    ],
    [
      "query",
      'Cannot ask a query: nodes must be a list of text, got "n1"',
      (node) => node.query("q", "", { nodes: "n1" }),
    ],
    [
      "query",
      'Cannot ask a query: unknown option "timeout", did you mean "timeoutMs"?',
      (node) => node.query("q", "", { timeout: 5 }),
    ],
    [
      "removeFailedNode",
      "Cannot remove a failed node: name must be text, got undefined",
      (node) => node.removeFailedNode(),
    ],
    ["coordinate", "Cannot read a coordinate: name must be text, got 5", (node) => node.coordinate(5)],
    [
      "events",
      "Cannot read events: capacity must be a whole number above 0, got 0",
      (node) => node.events({ capacity: 0 }),
    ],
    [
      "events",
      'Cannot read events: signal must be an AbortSignal, got "x"',
      (node) => node.events({ signal: "x" }),
    ],
  ])("%s is refused with %s", async (_name, message, call) => {
    await expect((async () => await call(serf as unknown as Untyped))()).rejects.toMatchObject({
      code,
      message,
    });
  });

  it("keys are refused without being repeated", async () => {
    const { keys } = serf as unknown as { keys: Untyped };
    for (const name of ["install", "use", "remove"] as const) {
      const message = `Cannot ${name} a key: key must be text, got object`;
      await expect(keys[name](["c2VjcmV0"])).rejects.toMatchObject({ code, message });
    }
    await expect(keys.list({ relay: 1 })).rejects.toMatchObject({ code });
  });

  it("do not keep what the caller may change", async () => {
    const tags = { role: "web" };
    void serf.setTags(tags);
    tags.role = "db";
    expect(serf.local.tags).toEqual({ role: "web" });
  });
});

/** A program in JavaScript. */
type Untyped = Record<Method, (...parameters: unknown[]) => Promise<unknown>>;
type Method =
  | "join"
  | "setTags"
  | "userEvent"
  | "query"
  | "removeFailedNode"
  | "coordinate"
  | "events"
  | KeyMethod;
type KeyMethod = "install" | "use" | "remove" | "list";
