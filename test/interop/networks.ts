/**
 * Network namespaces of the kernel, for what loopback cannot do: two namespaces with a wire between
 * them. Made by `ip` as root, only on Linux.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Two namespaces, each a machine as far as the network goes, joined by a wire. */
export class Wire {
  readonly #names: readonly [string, string];

  private constructor(names: readonly [string, string]) {
    this.#names = names;
  }

  /** Lays a wire: interface `d0` at both ends, with these addresses and a route for multicast. */
  static lay(label: string, left: readonly string[], right: readonly string[]): Wire {
    const wire = new Wire([`tserf-${label}-${process.pid}-a`, `tserf-${label}-${process.pid}-b`]);
    try {
      wire.#make(left, right);
    } catch (error) {
      wire.remove();
      throw error;
    }
    return wire;
  }

  /** The words before a command that run it at one end. */
  get left(): readonly string[] {
    return ["ip", "netns", "exec", this.#names[0]];
  }

  /** The words before a command that run it at the other end. */
  get right(): readonly string[] {
    return ["ip", "netns", "exec", this.#names[1]];
  }

  /** Gives both machines their own name server, for programs that start from now on. */
  nameServer(address: string): void {
    for (const name of this.#names) {
      mkdirSync(settingsOf(name), { recursive: true });
      writeFileSync(join(settingsOf(name), "resolv.conf"), `nameserver ${address}\n`);
    }
  }

  /** Removes both machines. */
  remove(): void {
    for (const name of this.#names) {
      rmSync(settingsOf(name), { recursive: true, force: true });
      try {
        ip("netns", "del", name);
      } catch {
        // It was never made.
      }
    }
  }

  #make(left: readonly string[], right: readonly string[]): void {
    const [a, b] = this.#names;
    ip("netns", "add", a);
    ip("netns", "add", b);
    ip("-n", a, "link", "add", "d0", "type", "veth", "peer", "name", "d0", "netns", b);
    for (const [name, addresses] of [
      [a, left],
      [b, right],
    ] as const) {
      ip("-n", name, "link", "set", "lo", "up");
      // Otherwise the IPv6 address cannot be used for the first second or two.
      ip("netns", "exec", name, "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/d0/accept_dad");
      ip("-n", name, "link", "set", "d0", "up");
      for (const address of addresses) ip("-n", name, "addr", "add", `${address}/24`, "dev", "d0");
      // Without this route Serf's agents crash.
      ip("-n", name, "route", "add", "224.0.0.0/4", "dev", "d0");
    }
  }
}

/** An interface that is not connected to another machine. */
export interface LonelyInterface {
  /** On `d0`. */
  readonly addresses: readonly string[];
  /** Whether packets to multicast groups have a route. */
  readonly multicastRoute: boolean;
}

/**
 * A machine with loopback and perhaps an interface without a peer: every address and port on it is
 * free.
 */
export class Alone {
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
  }

  /** Makes a machine. */
  static make(label: string, lonely?: LonelyInterface): Alone {
    const alone = new Alone(`tserf-${label}-${process.pid}`);
    ip("netns", "add", alone.#name);
    try {
      alone.#ip("link", "set", "lo", "up");
      if (lonely !== undefined) alone.#lay(lonely);
    } catch (error) {
      alone.remove();
      throw error;
    }
    return alone;
  }

  /** The words before a command that run it on this machine. */
  get inside(): readonly string[] {
    // Faster than "ip netns exec", which also makes a view of the file system.
    return ["nsenter", `--net=/run/netns/${this.#name}`];
  }

  /** Removes the machine. */
  remove(): void {
    ip("netns", "del", this.#name);
  }

  #lay({ addresses, multicastRoute }: LonelyInterface): void {
    this.#ip("link", "add", "d0", "type", "veth", "peer", "name", "d1");
    ip("netns", "exec", this.#name, "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/d0/accept_dad");
    for (const name of ["d1", "d0"]) this.#ip("link", "set", name, "up");
    for (const address of addresses) this.#ip("addr", "add", `${address}/24`, "dev", "d0");
    if (multicastRoute) this.#ip("route", "add", "224.0.0.0/4", "dev", "d0");
  }

  #ip(...args: string[]): void {
    ip("-n", this.#name, ...args);
  }
}

/** Returns why no such networks can be made here, or `undefined` if they can. */
export function whyNoNetworks(): string | undefined {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "this user is not root";
  try {
    Wire.lay("try", ["10.77.1.1"], ["10.77.1.2"]).remove();
    return undefined;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: unknown };
    return code === "ENOENT" ? '"ip" is not on the search path' : String(stderr ?? error).trim();
  }
}

/** The files that `ip netns exec` puts in place of those of /etc. */
function settingsOf(name: string): string {
  return join("/etc/netns", name);
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: "pipe", timeout: 5_000 });
}
