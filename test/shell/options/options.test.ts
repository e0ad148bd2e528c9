import { describe, expect, it } from "vitest";
import { parseEndpoint, parseSeed } from "../../../src/shell/options/endpoint.ts";
import { parseOptions, type SerfOptions } from "../../../src/shell/options/options.ts";

const parse = (options: SerfOptions): ReturnType<typeof parseOptions> => parseOptions(options, () => "host");

describe("options", () => {
  it("have Serf's defaults", () => {
    const parsed = parse({});
    expect(parsed.serf).toMatchObject({
      name: "host",
      protocol: 5,
      broadcastTimeoutMs: 5000,
      reapIntervalMs: 15_000,
    });
    expect(parsed.swim).toMatchObject({
      probeIntervalMs: 1000,
      probeTimeoutMs: 500,
      suspicionMult: 4,
      protocol: 2,
    });
    expect(parsed.bind).toEqual({ host: "0.0.0.0", port: 7946 });
    expect(parsed.keys).toEqual([]);
  });

  it.each<[SerfOptions, string, string]>([
    [{ name: "" }, "ERR_NAME", 'Invalid node name "": the name is empty'],
    [{ name: "a\nb" }, "ERR_NAME", 'Invalid node name "a\\nb": the name has a control character'],
    [{ protocol: 6 }, "ERR_OPTION", "Protocol version '6' too high. Must be in range: [2, 5]"],
    [{ protocol: 1 }, "ERR_OPTION", "Protocol version '1' too low. Must be in range: [2, 5]"],
    [{ profile: "moon" as "lan" }, "ERR_OPTION", "Unknown profile: moon"],
    [{ profile: "constructor" as "lan" }, "ERR_OPTION", "Unknown profile: constructor"],
    [
      { bind: "::1" },
      "ERR_ADDRESS",
      'Cannot start a node: bind "::1": address ::1: too many colons in address',
    ],
    [
      { bind: "1.2.3.4:99999" },
      "ERR_ADDRESS",
      'Cannot start a node: bind "1.2.3.4:99999": the port must be a number from 0 to 65535',
    ],
    [{ encryptKey: "!" }, "ERR_KEY", "illegal base64 data at input byte 0"],
    [{ encryptKey: "AAAA" }, "ERR_KEY", "Failed to create memberlist: key size must be 16, 24 or 32 bytes"],
    [{ encryptKey: "", keyring: [] }, "ERR_OPTION", "Encryption key not allowed while using a keyring"],
    [{ label: "x".repeat(256) }, "ERR_OPTION", "label is too long: 256 bytes, at most 255"],
    [{ allowedCidrs: ["10.0.0.0/33"] }, "ERR_OPTION", "invalid CIDR address: 10.0.0.0/33"],
    [
      { broadcastTimeoutMs: 0 },
      "ERR_OPTION",
      "broadcastTimeoutMs must be a positive number of milliseconds, got 0",
    ],
    [{ crashHoldMs: 299 }, "ERR_OPTION", "crashHoldMs must be 0 or at least 300 milliseconds, got 299"],
    [{ deadNodeReclaimMs: -1 }, "ERR_OPTION", "deadNodeReclaimMs must be a number of milliseconds, got -1"],
  ])("%j are rejected with %s", (options, code, message) => {
    expect(() => parse(options)).toThrow(expect.objectContaining({ code, message }));
  });
});

describe("endpoints", () => {
  it.each([
    ["10.0.0.1", { host: "10.0.0.1", port: 7946 }],
    ["10.0.0.1:8000", { host: "10.0.0.1", port: 8000 }],
    ["[::1]", { host: "::1", port: 7946 }],
    ["[::1]:8000", { host: "::1", port: 8000 }],
    [":17946", { host: "", port: 17946 }],
    ["name", { host: "name", port: 7946 }],
  ])("to listen on: %s", (text, endpoint) => {
    expect(parseEndpoint(text, 7946)).toEqual(endpoint);
  });

  it.each([
    ["::1", { node: "", host: "::1", port: 7946 }],
    ["n1/::1", { node: "n1", host: "::1", port: 7946 }],
    ["n1/10.0.0.1:8000", { node: "n1", host: "10.0.0.1", port: 8000 }],
    ["a/b/c", { node: "a", host: "b/c", port: 7946 }],
  ])("to join through: %s", (text, seed) => {
    expect(parseSeed(text, 7946)).toEqual(seed);
  });

  it("to join through need a name before a slash, and a decimal port", () => {
    for (const text of ["", " ", ":7946", "[]", "[]:7946", "name/", "name/:7946"])
      expect(() => parseSeed(text, 7946)).toThrow("missing host");
    expect(() => parseSeed("/10.0.0.1", 7946)).toThrow("empty node name provided");
    expect(() => parseSeed("host:http", 7946)).toThrow('strconv.ParseUint: parsing "http": invalid syntax');
    expect(() => parseSeed("1.2.3.4:+80", 7946)).toThrow("invalid syntax");
  });
});

describe("limits of messages", () => {
  const parse = (options: object) => () => parseOptions({ name: "a", ...options }, () => "");

  it("are Serf's own by default and can be changed", () => {
    expect(parse({})().serf).toMatchObject({
      userEventSizeLimit: 512,
      querySizeLimit: 1024,
      queryResponseSizeLimit: 1024,
    });
    expect(parse({ userEventSizeLimit: 9216 })().serf.userEventSizeLimit).toBe(9216);
  });

  it("are rejected if they are out of range", () => {
    expect(parse({ userEventSizeLimit: 9217 })).toThrow("user event size limit exceeds limit of 9216 bytes");
    expect(parse({ querySizeLimit: 0 })).toThrow("query size limit must be 1 to 65507 bytes, got 0");
    expect(parse({ queryResponseSizeLimit: 1.5 })).toThrow(
      "query response size limit must be 1 to 65507 bytes, got 1.5",
    );
  });
});

describe("names", () => {
  it("are checked against the strict rule if the option is set", () => {
    const parse = (name: string) => () => parseOptions({ name, validateNodeNames: true }, () => "");
    expect(parse("web-1.dc")().serf.name).toBe("web-1.dc");
    expect(parse("web 1")).toThrow("Node name contains invalid characters web 1 ,");
    expect(parse("x".repeat(129))).toThrow("Node name is 129 characters.");
  });
});
