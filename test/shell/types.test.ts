/** The types of the library: narrowed where a program narrows, and refused where a program errs. The compiler checks them, too. */

import { describe, expectTypeOf, it } from "vitest";
import type { serveRpc, startAgent } from "../../runtimes/any/agent.ts";
import type {
  JoinResult,
  LaggedEvent,
  Member,
  MemberEvent,
  NodeEvent,
  QueryEvent,
  QueryReply,
  QueryResult,
  Serf,
  SerfEvent,
  SerfOptions,
  StoppedEvent,
  UserEvent,
} from "../../runtimes/any/mod.ts";
import type { AgentOptions, RpcService, RunningAgent } from "../../runtimes/node/agent.ts";
import type { AgentConfig } from "../../src/agent/config/settings.ts";

/** Is compiled and not run. */
function compiled(_program: (serf: Serf) => unknown): void {}

type Item<Events> = Events extends AsyncIterable<infer Event> ? Event : never;

describe("the types of events", () => {
  it("are all of them without a selection", () => {
    compiled((serf) => {
      expectTypeOf<Item<ReturnType<typeof serf.events>>>().toEqualTypeOf<NodeEvent>();
      expectTypeOf(serf.events()).toEqualTypeOf<
        AsyncIterableIterator<SerfEvent | LaggedEvent | StoppedEvent>
      >();
      expectTypeOf(serf.events({ capacity: 7 })).toEqualTypeOf<AsyncIterableIterator<NodeEvent>>();
    });
  });

  it("are those of the selected types", () => {
    compiled(async (serf) => {
      const users = serf.events({ types: ["user"] });
      expectTypeOf<Item<typeof users>>().toEqualTypeOf<UserEvent>();
      const both = serf.events({ types: ["user", "query"], name: "deploy" });
      expectTypeOf<Item<typeof both>>().toEqualTypeOf<UserEvent | QueryEvent>();
      for await (const event of serf.events({ types: ["member-join", "member-failed"] })) {
        expectTypeOf(event.type).toEqualTypeOf<"member-join" | "member-failed">();
        expectTypeOf(event.members).toEqualTypeOf<readonly Member[]>();
        // @ts-expect-error: events of members have no payload
        event.payload;
      }
      for await (const event of serf.events({ types: ["lagged", "stopped"] })) {
        expectTypeOf(event).toEqualTypeOf<LaggedEvent | StoppedEvent>();
      }
      // @ts-expect-error: there is no such type
      serf.events({ types: ["joined"] });
      // @ts-expect-error: a name is text
      serf.events({ name: 7 });
    });
  });

  it("are user events, queries and notices if only a name is given", () => {
    compiled((serf) => {
      const named = serf.events({ name: "deploy" });
      expectTypeOf<Item<typeof named>>().toEqualTypeOf<UserEvent | QueryEvent | LaggedEvent | StoppedEvent>();
    });
  });

  it("are narrowed for listeners and for the next event", () => {
    compiled((serf) => {
      expectTypeOf(
        serf.on("user", (event) => expectTypeOf(event).toEqualTypeOf<UserEvent>()),
      ).toExtend<Disposable>();
      serf.on("member-update", (event) => {
        expectTypeOf(event).toExtend<MemberEvent>();
        expectTypeOf(event.type).toEqualTypeOf<"member-update">();
      });
      expectTypeOf(serf.once("query")).resolves.toEqualTypeOf<QueryEvent>();
      expectTypeOf(serf.once("stopped")).resolves.toEqualTypeOf<StoppedEvent>();
      // @ts-expect-error: there is no such type
      serf.on("userEvent", () => undefined);
      // @ts-expect-error: a listener is a function
      serf.on("user", "log");
    });
  });

  it("have payloads that are bytes, text and unknown values of JSON", () => {
    expectTypeOf<UserEvent["payload"]>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<QueryEvent["text"]>().returns.toEqualTypeOf<string>();
    expectTypeOf<QueryReply["json"]>().returns.toEqualTypeOf<unknown>();
  });
});

describe("the types of calls", () => {
  it("of queries and answers", () => {
    compiled((serf) => {
      expectTypeOf(serf.query("load").collect()).resolves.toEqualTypeOf<QueryResult>();
      expectTypeOf<Item<ReturnType<typeof serf.query>>>().toEqualTypeOf<QueryReply>();
      serf.answer("load", async (query, signal) => {
        expectTypeOf(query).toEqualTypeOf<QueryEvent>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return query.payload;
      });
      serf.answer("load", () => undefined);
      // @ts-expect-error: an answer is text, bytes or undefined
      serf.answer("load", () => 0.7);
    });
  });

  it("of joins and of waiting for members", () => {
    compiled((serf) => {
      expectTypeOf(serf.join(["a"])).resolves.toEqualTypeOf<JoinResult>();
      const { signal } = new AbortController();
      expectTypeOf(serf.waitFor((members) => members.length > 1, { signal })).resolves.toEqualTypeOf<
        readonly Member[]
      >();
      expectTypeOf(serf.leave({ signal })).resolves.toEqualTypeOf<void>();
      // @ts-expect-error: the function returns whether the members match
      serf.waitFor((members) => members.length);
    });
  });

  it("of the options of the start", () => {
    expectTypeOf<{ retryJoin: ["a"]; leaveOn: ["SIGINT"]; log: false }>().toExtend<SerfOptions>();
    expectTypeOf<{ retryJoin: { seeds: ["a"]; intervalMs: 5 }; discover: "web" }>().toExtend<SerfOptions>();
    expectTypeOf<{ log: { level: "INFO" } }>().toExtend<SerfOptions>();
    expectTypeOf<{ log: true }>().not.toExtend<SerfOptions>();
    expectTypeOf<{ leaveOn: ["SIGKILL"] }>().not.toExtend<SerfOptions>();
    expectTypeOf<{ retryJoin: { intervalMs: 5 } }>().not.toExtend<SerfOptions>();
  });

  it("of the agent for programs, which has all settings of the table but those of a console", () => {
    type Console =
      | "configPaths"
      | "logLevel"
      | "logFormat"
      | "skipLeaveOnInterrupt"
      | "leaveOnTerminate"
      | "role";
    expectTypeOf<Exclude<keyof AgentOptions, "log">>().toEqualTypeOf<Exclude<keyof AgentConfig, Console>>();
    expectTypeOf<typeof serveRpc>().returns.resolves.toEqualTypeOf<RpcService>();
    expectTypeOf<typeof startAgent>().returns.resolves.toEqualTypeOf<RunningAgent>();
    expectTypeOf<{ retryJoin: ["a"]; tags: { role: "web" }; retryInterval: 5 }>().toExtend<AgentOptions>();
    expectTypeOf<{ retryInterval: "30s" }>().not.toExtend<AgentOptions>();
    expectTypeOf<RunningAgent["serf"]["query"]>().returns.toExtend<AsyncIterable<QueryReply>>();
  });
});
