import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalHost, formatAddress, joinHostPort, parseAddress, sourceOf } from "../../src/net/address.ts";

describe("addresses", () => {
  const spellings: [text: string, canonical: string][] = [
    ["127.0.0.1", "127.0.0.1"],
    ["255.255.255.255", "255.255.255.255"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:0a00:0001", "10.0.0.1"],
    ["0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4"],
    ["::", "::"],
    ["::1", "::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:0DB8:0000:0000:0000:FF00:0042:8329", "2001:db8::ff00:42:8329"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1.2.3.4", "::102:304"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ];
  it.each(spellings)("%s is written %s", (text, canonical) => {
    expect(canonicalHost(text)).toBe(canonical);
  });

  it.each([
    "",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    "+1.2.3.4",
    "1.2.3.4%eth0",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "g::",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3.256",
    "1:2:3:4:5:6:7:1.2.3.4",
    "fe80::1%",
    "[::1]",
    `::${"0".repeat(200)}`,
  ])("%j is not an address", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("any bytes survive formatting and parsing, IPv4-mapped ones as IPv4", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
        .map((a) => Uint8Array.from(a)),
    );
    fc.assert(
      fc.property(bytes, (address) => {
        const text = formatAddress(address);
        const again = parseAddress(text)!;
        expect([...again]).toEqual([...address].slice(-again.length));
        expect(again.length === 16).toBe(text.includes(":"));
        expect(canonicalHost(text)).toBe(text);
      }),
    );
  });

  it("no text makes the parser throw, and what it accepts has one format", () => {
    const text = fc.string({ unit: fc.constantFrom(..."0123456789abcdefF:.%") });
    fc.assert(
      fc.property(text, (candidate) => {
        const once = canonicalHost(candidate);
        if (once !== undefined) expect(canonicalHost(once)).toBe(once);
      }),
    );
  });

  it("bytes of any other length cannot be formatted", () => {
    expect(() => formatAddress(new Uint8Array(5))).toThrow(RangeError);
  });

  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"],
    ["/run/serf.sock", "/run/serf.sock"],
  ])("%s and %s are one source", (one, other) => {
    expect(sourceOf(one)).toBe(sourceOf(other));
  });

  it.each([
    ["10.0.0.1", "10.0.0.2"],
    ["2001:db8:1:2::1", "2001:db8:1:3::1"],
  ])("%s and %s are two sources", (one, other) => {
    expect(sourceOf(one)).not.toBe(sourceOf(other));
  });

  it("a port follows brackets only for IPv6", () => {
    expect(joinHostPort("10.0.0.1", 7946)).toBe("10.0.0.1:7946");
    expect(joinHostPort("::1", 7946)).toBe("[::1]:7946");
    expect(joinHostPort("web-1", 80)).toBe("web-1:80");
  });
});
