/**
 * A private view of the file system for programs that use fixed paths: the folder of run-time files
 * is empty there, whatever it holds on the machine. Made by `unshare` as root, only on Linux.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";

/** The folder of run-time files; syslog listens at `syslog` in it. */
const folder = "/var/run";
const mountFolder = `mount -t tmpfs tmpfs ${folder}`;

/** A view of the file system with an empty folder of run-time files. */
export class PrivateMount {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** Makes a view. */
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

  /** The words before a command that run it in this view. */
  get inside(): readonly string[] {
    return ["nsenter", `--mount=/proc/${this.#holder.pid}/ns/mnt`, "--"];
  }

  /** Removes the view. */
  remove(): void {
    this.#holder.kill("SIGKILL");
  }
}

/** Returns why no such view can be made here, or `undefined` if it can. */
export function whyNoMounts(): string | undefined {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "this user is not root";
  try {
    execFileSync("unshare", ["--mount", "sh", "-c", `${mountFolder} && ! test -S /dev/log`], {
      stdio: "pipe",
      timeout: 5_000,
    });
    return undefined;
  } catch (error) {
    const { stderr } = error as { stderr?: unknown };
    return String(stderr ?? error).trim() || "the machine's own log is at /dev/log";
  }
}
