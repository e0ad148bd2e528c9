/**
 * Every method of this package's RPC client, against agents of Serf and against ours: all calls
 * have the same result.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { RpcClient, RpcKeyError } from "../../src/rpc/client/client.ts";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, type Kind, ours, serfs, stopAll } from "./agents.ts";

const folder = mkdtempSync(join(tmpdir(), "tserf-rpc-client-"));
const subnet = `127.${60 + (process.pid % 100)}.22`;
const firstKey = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=";
const secondKey = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=";
const kinds = installed([...serfs, ...ours]);

/** A call and its result. */
type Call = readonly [name: string, got: unknown];

/**
 * Serf's releases begin messages of their memberlist with capitals; newer releases and ours do not.
 */
const capitals = /(?<=\* |"peer":"|"self":")(Failed to join|Removing the primary key|Requested key is not)/g;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Makes every call against an agent of a kind, beside a second one of the same kind. */
async function calls(kind: Kind, index: number): Promise<Call[]> {
  const [host, peerHost] = [`${subnet}.${2 * index + 1}`, `${subnet}.${2 * index + 2}`];
  const config = join(folder, `${kind}.json`);
  writeFileSync(config, JSON.stringify({ rpc_auth: "secret", tags: { role: "web", a: "1" } }));
  const peer = await Agent.start(kind, "peer", peerHost, `-encrypt=${firstKey}`, "-tag=role=web");
  const flags = [`-config-file=${config}`, `-encrypt=${firstKey}`, `-join=${peer.address}`];
  const agent = await Agent.start(kind, "self", host, ...flags);
  await converged([peer], { peer: "alive", self: "alive" });
  const all = await withClients(agent.rpcAddress, peer.address);
  expect(await agent.ended).toBe(0);
  const json = JSON.stringify(all, (_, value: unknown) => {
    if (value instanceof Map) return Object.fromEntries([...value].sort());
    return typeof value === "bigint" ? "integer" : value;
  });
  return JSON.parse(
    json
      .replaceAll(host, "HOST")
      .replaceAll(peerHost, "PEER")
      .replace(capitals, (words) => words.toLowerCase())
      // The old release names no port here.
      .replace("failed to join 127.0.0.1: dial", "failed to join 127.0.0.1:9: dial"),
  ) as Call[];
}

async function withClients(address: string, peer: string): Promise<Call[]> {
  const done: Call[] = [];
  /** The result of a call, or its error's code, message and report. */
  const note = async (name: string, call: Promise<unknown>): Promise<void> => {
    const got = await call.catch((error: Error & { code: string }) => ({
      code: error.code,
      text: error.message,
      report: error instanceof RpcKeyError ? error.report : null,
    }));
    done.push([name, got ?? null]);
  };
  const connect = (token: string): Promise<RpcClient> => RpcClient.connect(nodeRuntime(), { address, token });
  await note("wrong token", connect("wrong"));
  const stranger = await connect("");
  await note("no token", stranger.members());
  stranger.close();

  const client = await connect("secret");
  const sorted = async (filter?: Parameters<RpcClient["members"]>[0]): Promise<unknown> =>
    (await client.members(filter)).sort((a, b) => a.name.localeCompare(b.name));
  await note("members", sorted());
  await note("members by all", sorted({ name: "p.*", status: "alive", tags: { role: "w.b" } }));
  await note("no members", sorted({ status: "failed" }));
  await note(
    "stats",
    client
      .stats()
      .then((stats) => [...stats.keys()].filter((section) => section !== "event_handlers").sort()),
  );

  const events = await client.stream("user:deploy");
  const updates = await client.stream("member-update");
  const lines = await client.monitor("DEBUG");
  done.push(["monitor", typeof (await lines.next()).value]);
  await note("event", client.event("deploy", "v1", { coalesce: true }));
  const event = (await events.next()).value;
  done.push(["user event", event?.type === "user" ? { ...event, payload: text(event.payload) } : event]);
  await note("too large", client.event("large", new Uint8Array(600)));
  await note("tags", client.updateTags({ set: { x: "1" }, remove: ["role"] }));
  done.push(["update", (await updates.next()).value]);
  await lines.return!();
  await events.return!();
  await updates.return!();

  const responder = await connect("secret");
  const asked = await responder.stream("query:load");
  // Serf starts a stream only after its response; what it sends next on the connection comes later.
  await responder.members();
  const answering = asked.next().then(async ({ value: query }) => {
    if (query?.type !== "query") throw new Error("Not a query");
    await responder.respond(query.id, "0.5");
    await note("second answer", responder.respond(query.id, "again"));
  });
  const replies: string[] = [];
  for await (const reply of await client.query("load", "now", { ack: true, timeoutMs: 1_000 })) {
    replies.push(`${reply.type} ${reply.from} ${text(reply.payload)}`);
  }
  await answering;
  done.push(["query", replies.sort()]);
  await note("answer to nothing", responder.respond(1n << 40n, ""));
  responder.close();

  await note("keys", client.keys.list());
  await note("install", client.keys.install(secondKey));
  await note("use", client.keys.use(secondKey));
  await note("remove the primary", client.keys.remove(secondKey));
  await note("remove", client.keys.remove(firstKey));
  await note("use a removed one", client.keys.use(firstKey));
  await note("install no key", client.keys.install("bad"));
  await note("keys", client.keys.list());

  await note("join", client.join([peer], { replay: true }));
  await note("join nobody", client.join(["127.0.0.1:9"]));
  await note(
    "coordinate",
    client.coordinate("peer").then((place) => place?.vec.length),
  );
  await note("no coordinate", client.coordinate("nobody"));
  await note("force-leave", client.forceLeave("nobody"));
  await note("prune", client.forceLeave("nobody", { prune: true }));
  await note("leave", client.leave());
  client.close();
  await note("closed", client.members());
  return done;
}

describe.skipIf(lacks("loopback"))("this package's RPC client", () => {
  let all: Call[][];

  beforeAll(async () => {
    all = await Promise.all(kinds.map(calls));
  }, 120_000);
  afterAll(async () => {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(kinds)("gets the same results from an agent of kind %s as from any other", (kind) => {
    const got = all[kinds.indexOf(kind)]!;
    expect(got.at(-1)![0]).toBe("closed");
    expect(got).toEqual(all[0]);
  });
});
