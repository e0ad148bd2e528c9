/**
 * A node of the library as a program: reads one JSON command per line, writes one JSON line per
 * response or event. Run as `library.ts NAME HOST [OPTION=JSON...]` on any runtime.
 */

import { createInterface } from "node:readline";
import { type QueryOptions, Serf, type SerfOptions } from "../../runtimes/node/mod.ts";

/** A command to the program. */
export type LibraryCommand =
  | { readonly do: "event"; readonly name: string; readonly payload: string; readonly coalesce?: boolean }
  | { readonly do: "query"; readonly name: string; readonly payload: string; readonly options: QueryOptions }
  | { readonly do: "key"; readonly operation: "install" | "use" | "remove"; readonly key: string }
  | { readonly do: "keys" }
  | { readonly do: "members" }
  | { readonly do: "join"; readonly seed: string };

/** A line that the program writes. */
export interface LibraryLine {
  readonly tag: "ready" | "event" | "answer" | "stopped" | "log";
  readonly value: unknown;
}

const say = (tag: LibraryLine["tag"], value: unknown): void => {
  const text = JSON.stringify({ tag, value }, (_, item: unknown) => {
    if (typeof item === "bigint") return Number(item);
    if (item instanceof Uint8Array) return new TextDecoder().decode(item);
    return item instanceof Map ? Object.fromEntries(item) : item;
  });
  console.log(text);
};

async function perform(serf: Serf, command: LibraryCommand): Promise<unknown> {
  switch (command.do) {
    case "event":
      serf.userEvent(command.name, command.payload, { coalesce: command.coalesce ?? false });
      return null;
    case "query": {
      const query = serf.query(command.name, command.payload, command.options);
      const begin = performance.now();
      const replies: unknown[] = [];
      for await (const reply of query) replies.push({ ...reply });
      return { replies, missing: query.missing, tookMs: performance.now() - begin };
    }
    case "key":
      return await serf.keys[command.operation](command.key);
    case "keys":
      return await serf.keys.list();
    case "members":
      return Object.fromEntries(serf.members().map(({ name, status }) => [name, status]));
    case "join":
      return (await serf.join([command.seed])).contacts;
  }
}

/** Runs the program. */
async function main(): Promise<void> {
  const [name = "", host = "", ...settings] = process.argv.slice(2);
  const options = Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf("=");
      return [setting.slice(0, at), JSON.parse(setting.slice(at + 1)) as unknown];
    }),
  ) as SerfOptions;
  const log: NonNullable<SerfOptions["log"]> = ({ level, text }) => say("log", `${level} ${text}`);
  const start = await starter();
  const serf = await start({ ...options, name, bind: `${host}:17946`, log });
  void serf.stopped.then((why) => {
    say("stopped", why);
    process.exit(0);
  });
  say("ready", null);
  createInterface({ input: process.stdin }).on("line", (line) => {
    perform(serf, JSON.parse(line) as LibraryCommand).then(
      (value) => say("answer", value),
      (error: Error & { result?: unknown }) => say("answer", { error: error.message, result: error.result }),
    );
  });
  for await (const event of serf.events()) {
    if (event.type === "query") event.respond(new TextEncoder().encode(`${name} heard ${event.name}`));
    // A copy without the event's own form for JSON, in which payloads are not text.
    say("event", { ...event });
  }
}

/** The package's entry for the runtime that this runs on. */
async function starter(): Promise<(options: SerfOptions) => Promise<Serf>> {
  const { deno, bun } = process.versions;
  if (deno !== undefined) return (await import("../../runtimes/deno/mod.ts")).Serf.start;
  if (bun !== undefined) return (await import("../../runtimes/bun/mod.ts")).Serf.start;
  return Serf.start;
}

await main();
