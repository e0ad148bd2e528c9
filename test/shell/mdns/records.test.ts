import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressesIn, answersTo, type Service, serviceName } from "../../../src/shell/mdns/records.ts";

const service: Service = {
  cluster: "mycl",
  node: "one",
  hostname: "host",
  address: "10.77.0.1",
  port: 17946,
};
const own = "_serf_mycl._tcp.local";
const instance = `one.${own}`;

const pointer = { name: own, ttl: 120, type: "PTR", target: instance };
const location = {
  name: instance,
  ttl: 120,
  type: "SRV",
  priority: 10,
  weight: 1,
  port: 17946,
  target: "host",
};
const address = { name: "host", ttl: 120, type: "A", address: "10.77.0.1" };
const note = { name: instance, ttl: 120, type: "TXT", text: "Serf 'mycl' cluster" };
const services = "_services._dns-sd._udp.local";

describe("an agent responds", () => {
  it.each([
    ["the service", own, "PTR", [pointer, location, address, note]],
    ["everything about the service", own, "ANY", [pointer, location, address, note]],
    ["what services there are", services, "PTR", [{ name: services, ttl: 120, type: "PTR", target: own }]],
    ["where the instance is", instance, "SRV", [location, address]],
    ["the note of the instance", instance, "TXT", [note]],
    ["everything about the instance", instance, "ANY", [location, address, note]],
    ["the address of the instance", instance, "A", [address]],
    ["the address of the host", "host", "A", [address]],
    ["another cluster", "_serf_other._tcp.local", "PTR", []],
    ["a name in another case", own.toUpperCase(), "PTR", []],
    ["another type", own, "TXT", []],
    ["an address of the other family", "host", "AAAA", []],
  ])("%s", (_what, name, type, records) => {
    expect(answersTo({ name, type }, service)).toEqual(records);
  });

  it("with an address of the family it was asked over", () => {
    const answers = answersTo({ name: "host", type: "AAAA" }, { ...service, address: "fd00::1" });
    expect(answers).toEqual([{ name: "host", ttl: 120, type: "AAAA", address: "fd00::1" }]);
  });

  it("with names that DNS can carry, whatever the names of node and host", () => {
    const names = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.stringMatching(/^[.a]{0,300}$/),
    );
    fc.assert(
      fc.property(names, names, (node, hostname) => {
        const records = answersTo({ name: own, type: "PTR" }, { ...service, node, hostname });
        expect(records).toHaveLength(4);
        for (const { name } of records) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(253);
          for (const label of name.split(".")) {
            expect(Buffer.byteLength(label)).toBeGreaterThan(0);
            expect(Buffer.byteLength(label)).toBeLessThanOrEqual(63);
          }
        }
        expect(addressesIn(records, own)).toEqual(["10.77.0.1:17946"]);
      }),
    );
  });
});

describe("a cluster name", () => {
  it.each([
    ["mycl", own],
    ["my cl", "_serf_my cl._tcp.local"],
    ["c.d", "_serf_c.d._tcp.local"],
    ["a..b", undefined],
    ["a.", undefined],
    ["x".repeat(57), `_serf_${"x".repeat(57)}._tcp.local`],
    ["x".repeat(58), undefined],
    ["ü".repeat(29), undefined],
    ["x.".repeat(85).slice(0, -1), `_serf_${"x.".repeat(85)}_tcp.local`],
    ["x.".repeat(87).slice(0, -1), undefined],
  ])("%j becomes %j", (cluster, name) => {
    expect(serviceName(cluster)).toBe(name);
  });
});

describe("a response contains", () => {
  const srv = (port: number, target = "host", name = instance) =>
    ({ name, ttl: 120, type: "SRV", priority: 10, weight: 1, port, target }) as const;
  const a = (text: string, name = "host") => ({ name, ttl: 120, type: "A", address: text }) as const;
  const aaaa = (text: string, name = "host") => ({ name, ttl: 120, type: "AAAA", address: text }) as const;

  it.each([
    ["of an agent", [srv(1), a("10.0.0.1")], ["10.0.0.1:1"]],
    ["of an agent in any order", [a("10.0.0.1"), srv(1)], ["10.0.0.1:1"]],
    ["of an agent with IPv6", [srv(1), aaaa("FD00::0:1")], ["[fd00::1]:1"]],
    ["the IPv4 address first", [srv(1), aaaa("fd00::1"), a("10.0.0.1")], ["10.0.0.1:1"]],
    ["the IPv4 address first, in any order", [srv(1), a("10.0.0.1"), aaaa("fd00::1")], ["10.0.0.1:1"]],
    [
      "of two agents",
      [srv(1), srv(2, "b", `two.${own}`), a("10.0.0.1"), a("10.0.0.2", "b")],
      ["10.0.0.1:1", "10.0.0.2:2"],
    ],
    ["the same twice only once", [srv(1), srv(1), a("10.0.0.1")], ["10.0.0.1:1"]],
    ["nothing without an address", [srv(1)], []],
    ["nothing without a port", [srv(0), a("10.0.0.1")], []],
    ["nothing of another host", [srv(1), a("10.0.0.1", "b")], []],
    ["nothing of another service", [srv(1, "host", "one._serf_x._tcp.local"), a("10.0.0.1")], []],
    ["nothing with a bad address", [srv(1), a("10.0.0.999")], []],
  ])("%s", (_what, records, addresses) => {
    expect(addressesIn(records, own)).toEqual(addresses);
  });
});
