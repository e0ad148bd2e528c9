/**
 * A file system of its own for programs that use fixed paths: the folder of run-time files is empty there, whatever the machine has in
 * its own. Made by `unshare` as root, on Linux alone.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";

/** Where run-time files are; a log of the system listens at `syslog` in it. */
const folder = "/var/run";
const mountFolder = `mount -t tmpfs tmpfs ${folder}`;

/** A view of the file system with an empty folder of run-time files. */
export class PrivateMount {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** Makes one. */
  static async make(): Promise<PrivateMount> {
    const script = `${mountFolder} && echo mounted && exec sleep infinity`;
    const holder = spawn("unshare", ["--mount", "sh", "-c", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise<void>((resolve, reject) => {
      holder.stdout?.once("data", () => resolve());
      holder.once("close", (code) => reject(new Error(`unshare ended with code ${code}`)));
    });
    return new PrivateMount(holder);
  }

  /** The words before a command that run it there. */
  get inside(): readonly string[] {
    return ["nsenter", `--mount=/proc/${this.#holder.pid}/ns/mnt`, "--"];
  }

  /** Takes it away. */
  remove(): void {
    this.#holder.kill("SIGKILL");
  }
}

/** Why no such view can be made here, or null when it can. */
export function whyNoMounts(): string | null {
  const what = "a file system to test syslog in cannot be made here";
  if (process.platform !== "linux") return `${what}: it needs Linux`;
  if (process.getuid?.() !== 0) return `${what}: it needs root`;
  try {
    execFileSync("unshare", ["--mount", "sh", "-c", `${mountFolder} && ! test -S /dev/log`], {
      stdio: "pipe",
      timeout: 5_000,
    });
    return null;
  } catch (error) {
    const { stderr } = error as { stderr?: unknown };
    return `${what}: ${String(stderr ?? error).trim() || "the machine's own log is at /dev/log"}`;
  }
}
