import { describe, expect, it } from "vitest";
import { Keyring } from "../../../../src/core/serf/queries/keyring.ts";
import { encodeQuery } from "../../../../src/core/serf/wire/encoding.ts";
import {
  decodeKeyResponse,
  encodeKeyRequest,
  type KeyResponse,
} from "../../../../src/core/serf/wire/key_messages.ts";
import type { QueryMessage } from "../../../../src/core/serf/wire/messages.ts";
import { Codec } from "../../../../src/core/wire/codec.ts";
import { encodeBase64 } from "../../../../src/go/base64.ts";
import { address, seeded } from "../../swim/machine.ts";
import { Network, question, type TestNode } from "../nodes.ts";

const key = (fill: number, size = 32): Uint8Array => new Uint8Array(size).fill(fill);
const base64 = (fill: number): string => encodeBase64(key(fill));

/** Sends a key query from a node to itself and decodes the response. */
function ask(network: Network, node: TestNode, operation: string, payload: Uint8Array): KeyResponse | null {
  const before = node.effects.length;
  node.core.queries.ask(network.now, 1, question(`_serf_${operation}`, { payload }));
  network.settle();
  const reply = node.effects.slice(before).find((effect) => effect.kind === "reply");
  return reply === undefined ? null : decodeKeyResponse(reply.payload);
}

const request = (fill: number, size = 32): Uint8Array => encodeKeyRequest(key(fill, size));
const failure = (message: string): KeyResponse => ({ result: false, message, keys: null, primaryKey: "" });
const success: KeyResponse = { result: true, message: "", keys: null, primaryKey: "" };

describe("the keyring of a node", () => {
  const ring = (...fills: number[]): { ring: Keyring; codec: Codec } => {
    const codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random: seeded(1) });
    codec.setKeys(fills.map((fill) => key(fill)));
    return { ring: new Keyring(codec), codec };
  };

  it("appends on install, moves to the front on use, and removes any key but the primary", () => {
    const { ring: keys, codec } = ring(1);
    keys.add(key(2));
    keys.add(key(3));
    keys.add(key(2));
    keys.use(key(3));
    expect(codec.keys).toEqual([key(3), key(1), key(2)]);
    keys.remove(key(1));
    keys.remove(key(9));
    expect(codec.keys).toEqual([key(3), key(2)]);
    expect(() => keys.remove(key(3))).toThrow("removing the primary key is not allowed");
    expect(() => keys.use(key(9))).toThrow("requested key is not in the keyring");
    expect(() => keys.add(key(9, 20))).toThrow("key size must be 16, 24 or 32 bytes");
    expect(keys.keys).toEqual([key(3), key(2)]);
  });
});

describe("key queries", () => {
  it("install, use, remove and list keys, and are not delivered to users", () => {
    const network = new Network();
    const node = network.add("a", { keys: [key(1)] });
    expect(ask(network, node, "install-key", request(2))).toEqual(success);
    expect(ask(network, node, "use-key", request(2))).toEqual(success);
    expect(ask(network, node, "remove-key", request(1))).toEqual(success);
    expect(node.codec.keys).toEqual([key(2)]);
    expect(ask(network, node, "remove-key", request(2))).toEqual(
      failure("removing the primary key is not allowed"),
    );
    expect(ask(network, node, "use-key", request(7))).toEqual(failure("requested key is not in the keyring"));
    expect(ask(network, node, "install-key", request(7, 5))).toEqual(
      failure("key size must be 16, 24 or 32 bytes"),
    );
    expect(ask(network, node, "list-keys", encodeKeyRequest(new Uint8Array()))).toEqual({
      ...success,
      keys: [base64(2)],
      primaryKey: base64(2),
    });
    expect(node.queries).toEqual([]);
  });

  it("fail with Serf's message if the node has no encryption", () => {
    const network = new Network();
    const node = network.add("a");
    for (const operation of ["install-key", "use-key", "remove-key"]) {
      const text = "No keyring to modify (encryption not enabled)";
      expect(ask(network, node, operation, request(1))).toEqual(failure(text));
    }
    const text = "Keyring is empty (encryption not enabled)";
    expect(ask(network, node, "list-keys", new Uint8Array())).toEqual(failure(text));
    expect(node.codec.encrypted).toBe(false);
  });

  it("with an empty or malformed payload are answered with a failure without a message", () => {
    const network = new Network();
    const node = network.add("a", { keys: [key(1)] });
    for (const payload of [new Uint8Array(), Uint8Array.from([7]), Uint8Array.from([7, 0xc1])]) {
      for (const operation of ["install-key", "use-key", "remove-key"]) {
        expect(ask(network, node, operation, payload)).toEqual(failure(""));
      }
    }
    expect(ask(network, node, "install-key", Uint8Array.from([7, 0xc0]))).toEqual(
      failure("key size must be 16, 24 or 32 bytes"),
    );
    expect(ask(network, node, "unheard-of", new Uint8Array())).toBe(null);
    expect(node.logs).toContain("WARN serf: Unhandled internal query 'unheard-of'");
    expect(node.codec.keys).toEqual([key(1)]);
  });

  it("without a payload are answered too", () => {
    const network = new Network();
    const node = network.add("a", { keys: [key(1)] });
    for (const [id, name] of [
      "install-key",
      "use-key",
      "remove-key",
      "list-keys",
      "conflict",
      "ping",
    ].entries()) {
      const query: QueryMessage = {
        type: "query",
        lamportTime: 5n,
        id,
        address: address(9),
        port: 7946,
        sourceNode: "b",
        filters: [],
        flags: 0,
        relayFactor: 0,
        timeout: 5_000_000_000n,
        name: `_serf_${name}`,
        payload: null,
      };
      const sealed = node.codec.seal([Uint8Array.from([8, ...encodeQuery(query)])], {
        crc: false,
        encrypt: true,
      });
      node.core.packet(0, { host: "10.0.0.9", port: 7946 }, sealed);
    }
    network.settle();
    expect(node.sent.filter(({ to }) => to.host === "10.0.0.9")).toHaveLength(5);
  });

  it.each([
    [18, 18, ""],
    [19, 17, "truncated key list response, showing first 17 of 19 keys"],
    [32, 17, "truncated key list response, showing first 17 of 32 keys"],
    [60, 17, "truncated key list response, showing first 17 of 60 keys"],
  ])("list %i keys as %i, as many as fit", (count, listed, message) => {
    const network = new Network();
    const keys = Array.from({ length: count }, (_, index) => key(index + 1));
    const node = network.add("node-b", { keys });
    const response = ask(network, node, "list-keys", encodeKeyRequest(new Uint8Array()));
    expect(response).toMatchObject({ result: true, message, primaryKey: base64(1) });
    expect(response!.keys).toEqual(keys.slice(0, listed).map(encodeBase64));
  });

  it("are not answered if not even an empty list fits", () => {
    const network = new Network();
    const node = network.add("a", { keys: [key(1)], config: { queryResponseSizeLimit: 60 } });
    expect(ask(network, node, "list-keys", new Uint8Array())).toBe(null);
    expect(node.logs).toContain("ERR serf: Failed to truncate response so that it fits into message");
  });

  it("are answered after the keyring file is written, with the error if that failed", () => {
    const network = new Network();
    const node = network.add("a", { keys: [key(1)], parts: { keysAreStored: true } });
    expect(ask(network, node, "install-key", request(2))).toBe(null);
    const stored = node.effects.find((effect) => effect.kind === "storeKeys");
    expect(stored).toEqual({ kind: "storeKeys", write: 1, keys: [base64(1), base64(2)] });
    node.core.queries.keysStored(network.now, 1, "open ring: permission denied");
    network.settle();
    const reply = node.effects.find((effect) => effect.kind === "reply")!;
    expect(decodeKeyResponse(reply.payload)).toEqual(
      failure("Failed to write keyring file: open ring: permission denied"),
    );
    expect(node.codec.keys).toHaveLength(2);
  });

  it("carry a new key to every member and switch to it without a gap", () => {
    const network = new Network();
    const nodes = ["a", "b", "c"].map((name) => network.add(name, { keys: [key(1)] }));
    network.join();
    for (const [index, operation] of ["install-key", "use-key", "remove-key"].entries()) {
      const fill = operation === "remove-key" ? 1 : 2;
      nodes[0]!.core.queries.ask(
        network.now,
        index,
        question(`_serf_${operation}`, { payload: request(fill) }),
      );
      network.run(4_000);
    }
    expect(nodes.map(({ codec }) => codec.keys)).toEqual([[key(2)], [key(2)], [key(2)]]);
    expect(nodes[0]!.replies.filter((line) => line === "end")).toHaveLength(3);
    network.run(10_000);
    for (const node of nodes)
      expect(node.core.members().every(({ status }) => status === "alive")).toBe(true);
  });
});
