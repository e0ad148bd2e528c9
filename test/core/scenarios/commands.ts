/**
 * The commands of scenarios; `test/core/scenarios/README.md` has the table.
 */

import { encodeKeyRequest } from "../../../src/core/serf/wire/key_messages.ts";
import { profiles } from "../../../src/core/swim/config.ts";
import { SerfError } from "../../../src/errors.ts";
import { keys } from "./describe.ts";
import { type NodeOptions, settingNames } from "./node.ts";
import { type Rule, World } from "./world.ts";

/** One command line: words, and options written as `name=value`. */
interface Line {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

/** Runs commands in one world. */
export class Commands {
  readonly #world = new World();
  /** The id of the last command or query that reports something later. */
  #number = 0;

  /** Runs command lines and returns what they print. Throws if one makes no sense. */
  run(lines: readonly string[]): string[] {
    for (const line of lines) {
      try {
        this.#run(parse(line));
      } catch (error) {
        if (!(error instanceof SerfError))
          throw new Error(`${line}: ${(error as Error).message}`, { cause: error });
        this.#world.print(`${error.code}: ${error.message}`);
      }
      this.#world.settle();
    }
    return this.#world.take();
  }

  #run({ words, options }: Line): void {
    const world = this.#world;
    const { now } = world;
    const [command = "", ...rest] = words;
    const [first = "", second = "", third = ""] = rest;
    const text = new TextEncoder().encode(options.get("payload") ?? "");
    switch (command) {
      case "add":
        world.add(first, this.#nodeOptions(first, options));
        return;
      case "join":
        this.#join(first, second);
        return;
      case "leave":
        world.node(first).leave(now, ++this.#number);
        return;
      case "kill":
        world.kill(first);
        return;
      case "pause":
        world.pause(first);
        return;
      case "resume":
        world.resume(first);
        return;
      case "force-leave":
        world.node(first).removeFailed(now, ++this.#number, second, third === "prune");
        return;
      case "event":
        world.node(first).event(now, second, text, third === "coalesce");
        return;
      case "query":
        this.#query(first, second, rest.slice(2), options);
        return;
      case "respond":
        world.node(first).asked.at(-1)!.respond(text);
        return;
      case "tags":
        world.node(first).setTags(now, ++this.#number, tagsOf(rest.slice(1).join(",")));
        return;
      case "key":
        this.#key(first, second, third);
        return;
      case "run":
        world.run(milliseconds(first));
        return;
      case "next":
        world.step();
        return;
      case "drop":
      case "hold":
      case "twice":
        world.rules.push(ruleOf(command, rest, options));
        return;
      case "allow":
        world.rules = [];
        return;
      case "deliver":
        world.deliver(first === "reversed");
        return;
      case "cut":
        world.cut(first, second);
        return;
      case "mend":
        world.mend(first, second);
        return;
      case "quiet":
        world.quiet = true;
        return;
      case "loud":
        world.quiet = false;
        return;
      case "hide":
        for (const kind of rest) world.hidden.add(kind);
        return;
      case "show":
        world.hidden.clear();
        return;
      case "state":
        for (const handle of rest.length > 0 ? rest : world.nodes.keys()) this.#state(handle);
        return;
      default:
        throw new Error("unknown command");
    }
  }

  #nodeOptions(handle: string, options: ReadonlyMap<string, string>): NodeOptions {
    const settings: Record<string, number> = {};
    for (const [name, value] of options) {
      if (settingNames.has(name)) settings[name] = Number(value);
      else if (!["name", "tags", "keys", "profile", "snapshot", "last", "detection"].includes(name))
        throw new Error(`unknown option "${name}"`);
    }
    const profile = (options.get("profile") ?? "lan") as keyof typeof profiles;
    if (!(profile in profiles)) throw new Error(`unknown profile "${profile}"`);
    return {
      name: options.get("name") ?? handle,
      last: Number(options.get("last") ?? this.#world.nodes.size + 1),
      tags: tagsOf(options.get("tags") ?? ""),
      keys: list(options.get("keys") ?? "").map(keyOf),
      profile,
      snapshot: options.get("snapshot") === "yes",
      plainDetection: options.get("detection") === "plain",
      settings,
    };
  }

  #join(handle: string, to: string): void {
    const world = this.#world;
    const node = world.node(handle);
    const command = ++this.#number;
    world.watch(node, command, (error) => node.endJoin(world.now, error === undefined ? 1 : 0));
    node.beginJoin(world.now, command, /^\d/.test(to) ? to : world.node(to).host);
  }

  #query(handle: string, name: string, flags: readonly string[], options: ReadonlyMap<string, string>): void {
    this.#world.node(handle).ask(this.#world.now, ++this.#number, {
      name,
      payload: new TextEncoder().encode(options.get("payload") ?? ""),
      nodes: list(options.get("nodes") ?? ""),
      tags: new Map(Object.entries(tagsOf(options.get("tags") ?? ""))),
      ack: flags.includes("ack"),
      relayFactor: Number(options.get("relay") ?? 0),
      timeoutMs: milliseconds(options.get("timeout") ?? "0ms"),
      waitForDeadline: flags.includes("wait"),
    });
  }

  #key(handle: string, operation: string, key: string): void {
    const name = operation === "list" ? "_serf_list-keys" : `_serf_${operation}-key`;
    this.#world.node(handle).ask(this.#world.now, ++this.#number, {
      name,
      payload: encodeKeyRequest(operation === "list" ? new Uint8Array() : keyOf(key)),
      nodes: [],
      tags: new Map(),
      ack: false,
      relayFactor: 0,
      timeoutMs: 0,
      waitForDeadline: false,
    });
  }

  #state(handle: string): void {
    const node = this.#world.node(handle);
    this.#world.print(`${handle} is ${node.state} and knows`);
    for (const { name, status, address, tags } of [...node.members].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const written = Object.entries(tags).map(([tag, value]) => `${tag}=${value}`);
      this.#world.print(`  ${[name, status.padEnd(7), address, ...written].join(" ")}`);
    }
  }
}

function parse(line: string): Line {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (const [word] of line.matchAll(/(?:[^\s"]|"[^"]*")+/g)) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(word) ?? [];
    if (name === undefined || value === undefined || line.startsWith("tags ")) words.push(word);
    else options.set(name, value.replaceAll('"', ""));
  }
  return { words, options };
}

function ruleOf(
  action: Rule["action"],
  [from = "*", to = "*", kind = "*"]: readonly string[],
  options: ReadonlyMap<string, string>,
): Rule {
  return { action, from, to, kind, left: Number(options.get("times") ?? Number.POSITIVE_INFINITY) };
}

function milliseconds(text: string): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`"${text}" is no time`);
  return Number(count) * (unit === "s" ? 1000 : 1);
}

function list(text: string): string[] {
  return text === "" ? [] : text.split(",");
}

/** `role:web,dc:eu`, with `:` or `=`. */
function tagsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    list(text).map((pair) => {
      const at = pair.search(/[:=]/);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function keyOf(name: string): Uint8Array {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`there is no key "${name}"`);
  return key;
}
