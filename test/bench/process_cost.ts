/** What a running process has cost so far, read from the system. Linux only. */

import { readdirSync, readFileSync } from "node:fs";

/** Memory of a process in MiB. */
export interface Memory {
  /** All that is resident, files that other processes share included. */
  readonly residentMib: number;
  /** The part that belongs to this process alone whatever else runs: no files. */
  readonly anonymousMib: number;
}

/** Returns the processor time of all threads of a process, in milliseconds. */
export function cpuMs(pid: number): number {
  return ofThreads(pid, "schedstat", (text) => Number(text.split(" ")[0]) / 1e6);
}

/** Returns how often the threads of a process have waited for something: each time wakes it once more. */
export function wakeUps(pid: number): number {
  return ofThreads(pid, "status", (text) => field(text, "voluntary_ctxt_switches"));
}

/** Returns the memory that a process has now. */
export function memory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { residentMib: field(status, "VmRSS") / 1024, anonymousMib: field(status, "RssAnon") / 1024 };
}

function ofThreads(pid: number, file: string, read: (text: string) => number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce(
    (sum, thread) => sum + read(readFileSync(`/proc/${pid}/task/${thread}/${file}`, "utf8")),
    0,
  );
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
}
