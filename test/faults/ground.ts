/**
 * A network of machines that exists only inside of namespaces of the kernel: a switch, and for each
 * node a machine with one line to it and one small disk. Nothing has a name outside, and every
 * process in it ends with this one, so that the kernel removes all of it, whatever happens here.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the line of a node does to packets, in both directions. */
export interface Line {
  readonly lossPercent: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Bandwidth; `undefined` is as much as the machine can. */
  readonly kbit: number | undefined;
  readonly mtu: number;
}

/** A line without faults. */
export const soundLine: Line = { lossPercent: 0, delayMs: 0, jitterMs: 0, kbit: undefined, mtu: 1_500 };

/** A direction in which nothing passes. */
export interface Cut {
  readonly from: number;
  readonly to: number;
}

/** Size of a disk: a snapshot is compacted at 128 KiB. */
const diskKb = 512;

/** Ends a program when this process ends, however that comes about. */
const mortal = ["setpriv", "--pdeathsig", "KILL", "--"] as const;

/** The network. */
export class Ground {
  readonly #disks: string;
  readonly #holders: ChildProcess[] = [];
  readonly #lines: Line[] = [];
  readonly #hasNetem: boolean;
  readonly #onExit = (): void => this.remove();
  #cuts: readonly Cut[] = [];

  private constructor(disks: string, hasNetem: boolean) {
    this.#disks = disks;
    this.#hasNetem = hasNetem;
    process.once("exit", this.#onExit);
  }

  /** Makes a network of `size` machines. `hasNetem` tells whether the kernel delays packets. */
  static async make(size: number, hasNetem: boolean): Promise<Ground> {
    const ground = new Ground(mkdtempSync(join(tmpdir(), "tserf-faults-")), hasNetem);
    try {
      await ground.#make(size);
    } catch (error) {
      ground.remove();
      throw error;
    }
    return ground;
  }

  /** The address of a machine. */
  address(node: number): string {
    return `10.77.0.${node + 1}`;
  }

  /** The words before a command that run it on a machine. */
  inside(node: number): readonly string[] {
    return [...mortal, "nsenter", `--net=${this.#net(node + 1)}`, `--mount=${this.#proc(0)}/ns/mnt`, "--"];
  }

  /** The folder of a machine's disk, as its programs see it. */
  disk(node: number): string {
    return join(this.#disks, String(node));
  }

  /** Changes the line of a machine. */
  setLine(node: number, line: Line): void {
    const before = this.#lines[node]!;
    this.#lines[node] = line;
    this.#filter();
    this.#in(0, "ip", "link", "set", port(node), "mtu", String(line.mtu));
    for (const [machine, device] of [
      [0, port(node)],
      [node + 1, "d0"],
    ] as const) {
      const discipline = this.#discipline(line);
      if (discipline !== undefined)
        this.#in(machine, "tc", "qdisc", "replace", "dev", device, "root", ...discipline);
      else if (this.#discipline(before) !== undefined)
        this.#in(machine, "tc", "qdisc", "del", "dev", device, "root");
    }
  }

  /** Replaces all cuts. */
  setCuts(cuts: readonly Cut[]): void {
    this.#cuts = cuts;
    this.#filter();
  }

  /** Leaves no byte on the disk of a machine. */
  fillDisk(node: number): void {
    const path = this.#filler(node);
    try {
      for (;;) writeFileSync(path, new Uint8Array(4_096), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  /** Undoes {@link fillDisk}. */
  clearDisk(node: number): void {
    rmSync(this.#filler(node), { force: true });
  }

  /** Removes the network. Its programs have to be ended first. */
  remove(): void {
    process.removeListener("exit", this.#onExit);
    for (const holder of this.#holders) holder.kill("SIGKILL");
    rmSync(this.#disks, { recursive: true, force: true });
  }

  async #make(size: number): Promise<void> {
    const mounts: string[] = [];
    for (let node = 0; node < size; node += 1) {
      mkdirSync(this.disk(node));
      mounts.push(`mount -t tmpfs -o size=${diskKb}k tmpfs ${this.disk(node)}`);
    }
    await this.#hold(["--net", "--mount"], mounts);
    this.#in(0, "ip", "link", "add", "br0", "type", "bridge");
    this.#in(0, "ip", "link", "set", "br0", "up");
    for (let node = 0; node < size; node += 1) {
      await this.#hold(["--net"], []);
      const peer = ["peer", "name", "d0", "netns", String(this.#holders[node + 1]!.pid)];
      this.#in(0, "ip", "link", "add", port(node), "type", "veth", ...peer);
      this.#in(0, "ip", "link", "set", port(node), "master", "br0", "up");
      this.#in(node + 1, "ip", "link", "set", "lo", "up");
      this.#in(node + 1, "ip", "addr", "add", `${this.address(node)}/24`, "dev", "d0");
      this.#in(node + 1, "ip", "link", "set", "d0", "up");
      this.#lines.push(soundLine);
    }
  }

  /** Starts a process that holds new namespaces. */
  async #hold(namespaces: readonly string[], commands: readonly string[]): Promise<void> {
    const script = [...commands, "echo made", "exec sleep infinity"].join(" && ");
    const [program, ...args] = [...mortal, "unshare", ...namespaces, "sh", "-c", script];
    const holder = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#holders.push(holder);
    await new Promise<void>((resolve, reject) => {
      holder.stdout?.once("data", () => resolve());
      holder.once("error", reject);
      holder.once("close", (code) => reject(new Error(`unshare ended with code ${code}`)));
    });
  }

  /** Gives the switch the rules of all lines and cuts at once. */
  #filter(): void {
    // Only IP: without ARP a cut would stop the other direction as well, as soon as the addresses are forgotten.
    const rules = this.#cuts.map(
      ({ from, to }) => `ether type ip iifname "${port(from)}" oifname "${port(to)}" drop`,
    );
    if (!this.#hasNetem)
      for (const [node, { lossPercent }] of this.#lines.entries()) {
        if (lossPercent === 0) continue;
        const chance = `numgen random mod 100 < ${lossPercent} drop`;
        rules.push(`iifname "${port(node)}" ${chance}`, `oifname "${port(node)}" ${chance}`);
      }
    const table = "table bridge faults";
    const chain = ["chain forward {", "type filter hook forward priority 0", ...rules, "}"];
    // Made first, so that there is something to delete; all of it is one change.
    const whole = [table, `delete ${table}`, `${table} {`, ...(rules.length > 0 ? chain : []), "}"];
    this.#in(0, "nft", whole.join("\n"));
  }

  /** What `tc` has to do at both ends of a line, if it has to do something. */
  #discipline({ lossPercent, delayMs, jitterMs, kbit }: Line): readonly string[] | undefined {
    if (this.#hasNetem && (delayMs > 0 || lossPercent > 0)) {
      const loss = lossPercent > 0 ? ["loss", `${lossPercent}%`] : [];
      const delay = delayMs > 0 ? ["delay", `${delayMs / 2}ms`, `${jitterMs / 2}ms`] : [];
      return ["netem", ...delay, ...loss];
    }
    return kbit === undefined
      ? undefined
      : ["tbf", "rate", `${kbit}kbit`, "burst", "2kb", "latency", "500ms"];
  }

  #in(machine: number, program: string, ...args: string[]): void {
    const words = [`--net=${this.#net(machine)}`, "--", program, ...args];
    execFileSync("nsenter", words, { stdio: "pipe", timeout: 5_000 });
  }

  /** Machine 0 is the switch. */
  #net(machine: number): string {
    return `${this.#proc(machine)}/ns/net`;
  }

  #proc(machine: number): string {
    return `/proc/${this.#holders[machine]!.pid}`;
  }

  #filler(node: number): string {
    return join(this.#proc(0), "root", this.disk(node), "filler");
  }
}

/** Returns why packets cannot be filtered here, or `undefined` if they can. */
export function whyNoFilters(): string | undefined {
  return whyNot(
    "nft add table bridge t && nft add chain bridge t c '{ type filter hook forward priority 0; }' && nft add rule bridge t c numgen random mod 100 '<' 5 drop",
  );
}

/** Returns why the kernel cannot delay packets here, or `undefined` if it can. */
export function whyNoDelays(): string | undefined {
  return whyNot("ip link set lo up && tc qdisc add dev lo root netem delay 1ms");
}

/** Runs commands on a machine of their own. */
function whyNot(script: string): string | undefined {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "this user is not root";
  try {
    execFileSync("unshare", ["--net", "sh", "-c", script], { stdio: "pipe", timeout: 5_000 });
    return undefined;
  } catch (error) {
    const { stderr } = error as { stderr?: unknown };
    return String(stderr ?? error)
      .trim()
      .split("\n", 1)[0]!
      .replace(/\.$/, "");
  }
}

/** The port of the switch that leads to a machine. */
function port(node: number): string {
  return `p${node}`;
}
