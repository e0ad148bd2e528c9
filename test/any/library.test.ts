/** The library on real sockets, on whatever runtime this is: starting, following and answering, and its RPC interface. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { serveRpc, startAgent } from "../../runtimes/any/agent.ts";
import { JoinError, type LogLine, Serf, type SerfOptions } from "../../runtimes/any/mod.ts";
import { RpcClient } from "../../runtimes/any/rpc.ts";
import { command, find, lacks, pathOf } from "../machine/here.ts";

const execute = promisify(execFile);
const ending: (() => Promise<unknown>)[] = [];
const runtime = process.versions["deno"] ? "deno" : process.versions["bun"] ? "bun" : "node";
/** Each runtime has addresses of its own, because they may be tested at the same time. */
const host = `127.0.${{ node: 86, deno: 87, bun: 88 }[runtime]}.1`;

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function start(name: string, options: SerfOptions = {}): Promise<Serf> {
  const serf = await Serf.start({ name, bind: `${host}:0`, profile: "local", log: false, ...options });
  ending.push(() => serf.shutdown());
  return serf;
}

const addressOf = (serf: Serf): string => `${serf.bound.host}:${serf.bound.port}`;

describe.skipIf(lacks("loopback"))("the library on real sockets", () => {
  it("joins at its start, waits for members, answers, and ends with a last event", async () => {
    const one = await start("one");
    using _answer = one.answer("load", async (query) => JSON.stringify({ of: query.source, load: 0.7 }));
    const deployed = one.once("user", { name: "deploy", signal: AbortSignal.timeout(10_000) });
    const two = await start("two", { join: [addressOf(one)] });
    const members = await one.waitFor((all) => all.length === 2, { timeoutMs: 10_000 });
    expect(members.map(({ name }) => name).sort()).toEqual(["one", "two"]);
    const { acks, responses, missing } = await two
      .query("load", "", { ack: true, timeoutMs: 2_000 })
      .collect();
    expect([...acks].sort()).toEqual(["one", "two"]);
    expect(responses.map((reply) => [reply.from, reply.json()])).toEqual([["one", { of: "two", load: 0.7 }]]);
    expect(missing).toEqual(["two"]);
    two.userEvent("deploy", "v2");
    expect((await deployed).text()).toBe("v2");
    const last = two.once("stopped");
    await two.leave({ signal: AbortSignal.timeout(10_000) });
    await two.shutdown();
    expect(await last).toEqual({ type: "stopped", reason: "shutdown" });
    await one.waitFor((all) => all.some(({ name, status }) => name === "two" && status === "left"));
  });

  it("tries again until a seed is up, and says of a failed join what became of each seed", async () => {
    const spare = await start("spare");
    const address = addressOf(spare);
    await spare.shutdown();
    const failed = await start("alone", { join: [address] }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(JoinError);
    expect((failed as JoinError).seeds).toMatchObject([{ seed: address, reached: [] }]);
    const lines: LogLine[] = [];
    const two = await start("two", {
      retryJoin: { seeds: [address], intervalMs: 200 },
      log: { level: "INFO", write: (line) => lines.push(line) },
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await start("one", { bind: address });
    await two.waitFor((all) => all.length === 2, { timeoutMs: 10_000 });
    expect(lines.some(({ text }) => text.startsWith("Join failed: "))).toBe(true);
  });

  it("gives up a start with the reason of its signal", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    // It accepts connections, and says nothing.
    const silent = createServer((socket) => setTimeout(() => controller.abort(reason), 50, socket));
    await new Promise<void>((resolve) => silent.listen(0, host, resolve));
    ending.push(async () => silent.close());
    const { port } = silent.address() as AddressInfo;
    const join = [`${host}:${port}`];
    await expect(start("late", { join, signal: controller.signal })).rejects.toBe(reason);
  });
});

describe.skipIf(lacks("loopback"))("the RPC interface of a node in a program", () => {
  it("is reached by clients with its key, and closes with the node", async () => {
    const serf = await start("one", { tags: { role: "web" } });
    const rpc = await serveRpc(serf, { address: `${host}:0`, token: "secret", log: false });
    expect(rpc.address).toMatch(/^127\.0\.\d+\.1:\d+$/);
    await expect(
      RpcClient.connect({ address: rpc.address }).then((client) => client.members()),
    ).rejects.toThrow();
    const client = await RpcClient.connect({ address: rpc.address, token: "secret" });
    expect(await client.members()).toMatchObject([{ name: "one", tags: { role: "web" }, status: "alive" }]);
    const events = await client.stream("user");
    await client.event("deploy", "v2");
    const { value } = await events.next();
    expect(value).toMatchObject({ name: "deploy" });
    await client.updateTags({ set: { role: "db" } });
    expect(serf.local.tags).toEqual({ role: "db" });
    expect(rpc.clients).toBeGreaterThan(0);
    const own = serf.events();
    expect(await own.next()).toMatchObject({ value: { type: "member-join" } });
    await client.leave();
    expect(await serf.stopped).toBe("shutdown");
    await rpc.close();
    await expect(RpcClient.connect({ address: rpc.address })).rejects.toMatchObject({
      code: "ERR_CONNECTION",
    });
  });

  it("is closed before the node, which goes on", async () => {
    const serf = await start("one");
    const first = await serveRpc(serf, { address: `${host}:0` });
    await expect(serveRpc(serf, { address: first.address })).rejects.toMatchObject({
      code: "ERR_BIND",
      message: `Cannot serve RPC: listen tcp ${first.address}: bind: address already in use`,
    });
    await first[Symbol.asyncDispose]();
    const second = await serveRpc(serf, { address: first.address });
    await second.close();
    expect(serf.state).toBe("alive");
    await expect(serveRpc(serf, { adress: "" } as never)).rejects.toThrow('did you mean "address"?');
    await serf.shutdown();
    await expect(serveRpc(serf)).rejects.toMatchObject({ code: "ERR_STATE" });
  });

  it("streams the log of the node to monitors", async () => {
    const serf = await start("one");
    const rpc = await serveRpc(serf, { address: `${host}:0`, log: false });
    const client = await RpcClient.connect({ address: rpc.address });
    const lines = await client.monitor("DEBUG");
    serf.userEvent("deploy");
    for await (const line of lines) if (String(line).includes("Accepted client")) break;
    await client.close();
  });

  const programs = ["serf-0.9", "serf-0.10", "serf-0.11"] as const;
  it.skipIf(lacks("node"))("is listed by the command serf members", async () => {
    const serf = await start("one", { tags: { role: "web" } });
    const rpc = await serveRpc(serf, { address: `${host}:0`, token: "secret", log: false });
    const ours = command("node", "runtimes/node/cli.ts");
    const args = ["members", `-rpc-addr=${rpc.address}`, "-rpc-auth=secret"];
    const listed = new RegExp(`^one +${addressOf(serf)} +alive +role=web\n$`);
    expect((await execute(ours.program, [...ours.args, ...args])).stdout).toMatch(listed);
    for (const name of programs.filter((each) => find(each).missing === undefined))
      expect((await execute(pathOf(name), args)).stdout).toMatch(listed);
  });
});

describe.skipIf(lacks("loopback"))("an agent in a program", () => {
  it("keeps its tags, joins, serves RPC and leaves", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tserf-agent-"));
    ending.push(() => rm(folder, { recursive: true }));
    const one = await start("one");
    const tagsFile = join(folder, "tags.json");
    const agent = await startAgent({
      nodeName: "two",
      bind: `${host}:0`,
      profile: "local",
      rpcAddr: `unix://${join(folder, "serf.sock")}`,
      startJoin: [addressOf(one)],
      tagsFile,
      log: false,
    });
    ending.push(() => agent.shutdown());
    await one.waitFor((all) => all.length === 2, { timeoutMs: 10_000 });
    await using client = await RpcClient.connect({ address: `unix://${join(folder, "serf.sock")}` });
    await client.updateTags({ set: { role: "web" } });
    expect((await stat(tagsFile)).size).toBeGreaterThan(0);
    expect(agent.serf.local.tags).toEqual({ role: "web" });
    await agent[Symbol.asyncDispose]();
    await agent.stopped;
    await one.waitFor((all) => all.some(({ name, status }) => name === "two" && status === "left"));
  });

  it("that cannot start says why, and leaves nothing open", async () => {
    const one = await start("one");
    const place = { nodeName: "two", bind: `${host}:0`, rpcAddr: `${host}:0`, log: false as const };
    await expect(startAgent({ ...place, bind: addressOf(one) })).rejects.toMatchObject({ code: "ERR_BIND" });
    await expect(startAgent({ ...place, encryptKey: "short" })).rejects.toMatchObject({ code: "ERR_KEY" });
    await expect(startAgent({ ...place, startJoin: [`${host}:1`] })).rejects.toMatchObject({
      code: "ERR_JOIN",
    });
    await expect(startAgent({ ...place, rpcAdr: "" } as never)).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: 'Cannot start an agent: unknown option "rpcAdr", did you mean "rpcAddr"?',
    });
    await expect(startAgent({ ...place, retryInterval: "30s" } as never)).rejects.toMatchObject({
      message: 'Cannot start an agent: retryInterval must be a number of milliseconds, got "30s"',
    });
    const agent = await startAgent({
      ...place,
      retryJoin: [`${host}:1`],
      retryInterval: 50,
      retryMaxAttempts: 1,
    });
    await agent.stopped;
    expect(agent.serf.state).toBe("shutdown");
  });
});
