import { expect, it } from "vitest";
import { parseAddress } from "../../../src/net/address.ts";
import { alive, Machine } from "./machine.ts";

it("addresses of IPv6 have brackets in the log", () => {
  const machine = new Machine();
  const from = { host: "fd00::9", port: 7946 };
  const source = { address: new Uint8Array(0), port: 0, node: "" };
  machine.packetFrom(from, { type: "ping", sequence: 1, node: "other", source });
  machine.packetFrom(from, alive("a", 1, 2));
  machine.packetFrom(from, alive("a", 2, 2, { address: parseAddress("fd00::1")! }));
  machine.swim.sendFailed(machine.now, from, "message too long");
  machine.take();
  expect(machine.logs).toEqual([
    "WARN Got ping for unexpected node 'other' from=[fd00::9]:7946",
    "ERR Conflicting address for a. Mine: 10.0.0.2:7946 Theirs: [fd00::1]:7946 Old state: 0",
    "ERR Failed to send UDP packet to [fd00::9]:7946: message too long",
  ]);
});
