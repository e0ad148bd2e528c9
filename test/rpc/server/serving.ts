/** A server with a fake agent behind it, and its clients, without a system. */

import { Cluster } from "../../../src/agent/cluster_service.ts";
import { selectMembers } from "../../../src/agent/member_filter.ts";
import type { LogLevel } from "../../../src/core/effects.ts";
import type { Member } from "../../../src/core/serf/api.ts";
import { RpcClient } from "../../../src/rpc/client/client.ts";
import { RpcCodec } from "../../../src/rpc/codec.ts";
import type { MemberFilter } from "../../../src/rpc/protocol.ts";
import { defaultRpcAddress } from "../../../src/rpc/protocol.ts";
import { RpcServer } from "../../../src/rpc/server/server.ts";
import type { AgentService, Stats } from "../../../src/rpc/server/service.ts";
import type { MonitoredLine } from "../../../src/rpc/server/subscriptions.ts";
import type { Address, Connection } from "../../../src/runtime.ts";
import { FakeNode, FakeRuntime, member, settle } from "../../agent/fakes.ts";

/** Where the server of {@link serve} listens. */
export const agentAddress: Address = { host: "127.0.0.1", port: 7373 };

export const webMember: Member = member("node-a", "127.0.0.11", { role: "web", dc: "east" });
export const dbMember: Member = member("node-b", "127.0.0.12", { role: "db" }, "failed");

/** An agent that notes what it is asked. */
export class FakeService implements AgentService {
  readonly node: FakeNode = new FakeNode({ name: "node-a" });
  readonly cluster: Cluster = new Cluster(this.node, (level, text) => this.log(level, text));
  readonly calls: unknown[] = [];
  readonly lines: string[] = [];
  past: MonitoredLine[] = [];
  hold: Promise<void> = Promise.resolve();
  failure: Error | null = null;

  async join(addresses: readonly string[], replay: boolean): Promise<number> {
    this.calls.push(["join", ...addresses, replay]);
    await this.hold;
    if (this.failure !== null) throw this.failure;
    return addresses.length;
  }

  async leave(): Promise<void> {
    this.calls.push("leave");
    if (this.failure !== null) throw this.failure;
  }

  async shutdown(): Promise<void> {
    this.calls.push("shutdown");
  }

  async forceLeave(node: string, prune: boolean): Promise<void> {
    this.calls.push(["force-leave", node, prune]);
    if (this.failure !== null) throw this.failure;
  }

  async updateTags(set: ReadonlyMap<string, string>, remove: readonly string[]): Promise<void> {
    this.calls.push(["tags", Object.fromEntries(set), remove]);
    if (this.failure !== null) throw this.failure;
  }

  members(): readonly Member[] {
    return [webMember, dbMember];
  }

  async membersFiltered(filter: MemberFilter): Promise<readonly Member[]> {
    return await selectMembers(this.members(), filter);
  }

  stats(): Stats {
    return new Map([
      ["agent", new Map([["name", "node-a"]])],
      ["event_handlers", new Map()],
    ]);
  }

  recentLines(): readonly MonitoredLine[] {
    return this.past;
  }

  log(level: LogLevel, text: string): void {
    this.lines.push(`[${level}] ${text}`);
  }
}

/** Starts a server and connects a client. */
export async function serve(
  token = "",
  limits: { readonly totalBytesMax?: number } = {},
): Promise<{ fake: FakeRuntime; service: FakeService; server: RpcServer; client: RpcClient }> {
  const fake = new FakeRuntime();
  const service = new FakeService();
  const server = await RpcServer.listen(fake.runtime, {
    address: defaultRpcAddress,
    token,
    service,
    ...limits,
  });
  const client = await RpcClient.connect(fake.runtime, { token });
  return { fake, service, server, client };
}

/** Sends a handshake and objects as bytes. */
export async function raw(fake: FakeRuntime, ...objects: Uint8Array[]): Promise<Connection> {
  const connection = await fake.streams.connect(agentAddress);
  const codec = new RpcCodec();
  await connection.write(codec.encode({ Command: "handshake", Seq: 0 }, { Version: 1 }));
  for (const object of objects) await connection.write(object);
  await settle();
  return connection;
}
