/** What the adapters share: translation of errors and addresses, and the bounded queue of datagrams. */
import { describe, expect, it } from "vitest";
import { systemError } from "../../runtimes/shared/errors.ts";
import { openOn, peerHost, socketHost } from "../../runtimes/shared/hosts.ts";
import { machineName, systemName } from "../../runtimes/shared/names.ts";
import { queueCountMax, queueSizeMax, SendQueue } from "../../runtimes/shared/send_queue.ts";
import { isWildcard } from "../../src/net/address.ts";
import { SystemError } from "../../src/runtime.ts";

function named(name: string, code?: string | number): Error {
  const error = Object.assign(new Error("reason"), code === undefined ? {} : { code });
  error.name = name;
  return error;
}

describe("errors of the runtimes", () => {
  it.each([
    [named("Error", "ECONNREFUSED"), "ECONNREFUSED"],
    [named("Error", "ENFILE"), "EMFILE"],
    [named("Error", "EAI_AGAIN"), "ENOTFOUND"],
    [named("AddrInUse", "EADDRINUSE"), "EADDRINUSE"],
    [named("BadResource"), "ECANCELED"],
    [named("Interrupted", "EINTR"), "ECANCELED"],
    // A DOMException's code is a number without a meaning here.
    [named("AbortError", 20), "ECANCELED"],
    [named("NotCapable"), "EPERM"],
    [named("Error", "ESTRANGE"), "EUNKNOWN"],
    ["not even an error", "EUNKNOWN"],
  ])("%s is %s", (error, code) => {
    const translated = systemError("bind", "10.0.0.1:7946", error);
    expect(translated).toBeInstanceOf(SystemError);
    expect(translated).toMatchObject({ code, operation: "bind", cause: error });
    expect(translated.message).toContain("Cannot bind 10.0.0.1:7946: ");
    expect(systemError("other", "thing", translated)).toBe(translated);
  });
});

describe("hosts of the runtimes", () => {
  it("a wildcard is opened on both families, or on IPv4 if the system has no IPv6", async () => {
    const opened = async (host: string, code?: string): Promise<string[]> => {
      const tried: string[] = [];
      const open = (on: string): void => {
        tried.push(on);
        if (code !== undefined && on === "::") throw systemError("bind", on, named("Error", code));
      };
      await openOn(host, open);
      return tried;
    };
    expect(await opened("10.0.0.1")).toEqual(["10.0.0.1"]);
    expect(await opened("0.0.0.0")).toEqual(["::"]);
    expect(await opened("", "EAFNOSUPPORT")).toEqual(["::", "0.0.0.0"]);
    await expect(opened("::", "EADDRINUSE")).rejects.toThrow(SystemError);
  });
});

describe("addresses of the runtimes", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::ffff:a00:1", "10.0.0.1"],
    ["fe80::1%eth0", "fe80::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::", "::"],
  ])("a peer %s is shown as %s", (text, host) => {
    expect(peerHost(text)).toBe(host);
  });

  it("IPv4 is mapped for a socket of IPv6, and only there", () => {
    expect(socketHost("10.0.0.1", true)).toBe("::ffff:10.0.0.1");
    expect(socketHost("10.0.0.1", false)).toBe("10.0.0.1");
    expect(socketHost("::1", true)).toBe("::1");
    expect(["", "::", "0.0.0.0", "127.0.0.1", "::1"].map(isWildcard)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("systems and machines have Go's names", () => {
    expect(["linux", "win32", "darwin"].map(systemName)).toEqual(["linux", "windows", "darwin"]);
    expect(["x64", "x86_64", "aarch64", "arm64"].map(machineName)).toEqual([
      "amd64",
      "amd64",
      "arm64",
      "arm64",
    ]);
  });
});

describe("the queue of datagrams", () => {
  const to = { host: "10.0.0.1", port: 7946 };

  it("keeps order, and drops and counts datagrams beyond its count", () => {
    const queue = new SendQueue();
    for (let index = 0; index < queueCountMax + 3; index += 1) queue.push(to, Uint8Array.of(index & 0xff));
    expect([queue.count, queue.dropped]).toEqual([queueCountMax, 3]);
    for (let index = 0; index < queueCountMax; index += 1) {
      expect(queue.peek()!.bytes[0]).toBe(index & 0xff);
      queue.shift();
    }
    expect([queue.count, queue.peek()]).toEqual([0, undefined]);
    queue.push(to, Uint8Array.of(9));
    expect([queue.count, queue.peek()!.bytes[0], queue.dropped]).toEqual([1, 9, 3]);
  });

  it("drops and counts datagrams beyond its bytes, and accepts more when some have left", () => {
    const queue = new SendQueue();
    const large = new Uint8Array(65_000);
    const fit = Math.floor(queueSizeMax / large.length);
    for (let index = 0; index < fit + 5; index += 1) queue.push(to, large);
    expect([queue.count, queue.dropped]).toEqual([fit, 5]);
    queue.shift();
    queue.push(to, large);
    expect([queue.count, queue.dropped]).toEqual([fit, 5]);
  });

  it("does not grow if it is never quite empty", () => {
    const queue = new SendQueue();
    queue.push(to, Uint8Array.of(0));
    for (let index = 0; index < 100_000; index += 1) {
      queue.push(to, Uint8Array.of(1));
      queue.shift();
    }
    expect([queue.count, queue.dropped]).toEqual([1, 0]);
    expect(queue.capacity).toBeLessThanOrEqual(2 * queueCountMax);
  });
});
