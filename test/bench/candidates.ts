/** The agents of this machine that benchmarks compare: Serf's in Go, and ours on every runtime. */

import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { find, searchHere } from "../machine/here.ts";
import { type Command, commandFor, runtimeNames } from "../runtimes/binaries.ts";

/** A program that can be started as an agent. */
export interface Candidate {
  readonly name: string;
  readonly command: Command;
}

/**
 * Returns the wanted ones of `go`, `node`, `node24`, `deno` and `bun` that this machine has, and says
 * what is missing. `before` is the folder of another checkout, whose agents are added.
 */
export async function candidates(only: string, before?: string): Promise<Candidate[]> {
  await searchHere(["serf-0.10", ...runtimeNames]);
  const wanted = new Set(only.split(","));
  const found: Candidate[] = [];
  const serf = find("serf-0.10");
  if (wanted.has("go")) {
    if (serf.path === undefined) console.log(serf.missing);
    else found.push({ name: "go", command: { program: serf.path, args: [] } });
  }
  const root = fileURLToPath(new URL("../..", import.meta.url));
  for (const name of runtimeNames.filter((each) => wanted.has(each))) {
    const { path, missing } = find(name);
    if (path === undefined) {
      console.log(missing);
      continue;
    }
    const folder = name === "deno" || name === "bun" ? name : "node";
    const cli = `runtimes/${folder}/cli.ts`;
    found.push({ name, command: commandFor(name, path, cli) });
    if (before === undefined) continue;
    found.push({
      name: `${name} before`,
      command: commandFor(name, path, relative(root, join(before, cli))),
    });
  }
  return found;
}
