/**
 * The calls of the library in any order: whatever a program calls and drops, no promise of the library is left unhandled, nothing is
 * thrown where nobody can catch it, and the node stops. The number of sequences is TSERF_SEQUENCES, 150 by default.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { World } from "../../runtimes/sim/mod.ts";
import { SerfError } from "../../src/errors.ts";
import type { Runtime } from "../../src/runtime.ts";
import { Serf } from "../../src/shell/serf.ts";

const count = Number(process.env["TSERF_SEQUENCES"] ?? 150);

/** What a program may do with its node; `at` picks one of the signals. */
const calls = {
  join: (node, at) => void caught(node.track(node.serf.join(["10.0.0.1:7946"], { signal: node.signal(at) }))),
  joinNobody: (node) => void caught(node.track(node.serf.join(["10.0.0.9:7946", "nowhere"]))),
  joinMany: (node, at) =>
    void caught(node.track(node.serf.join(Array(20).fill("10.0.0.8:7946"), { signal: node.signal(at) }))),
  leave: (node) => void caught(node.track(node.serf.leave())),
  // These two succeed whatever else happens.
  dispose: (node) => void node.track(node.serf[Symbol.asyncDispose]()).catch(note),
  shutdown: (node) => void node.track(node.serf.shutdown()).catch(note),
  start: (node) => void caught(node.track(node.startAnother())),
  abort: (node, at) => node.abort(at),
  ask: (node, at) => void node.serf.query("q", "", { ack: true, signal: node.signal(at) }),
  askAndRead: (node, at) => {
    const query = node.serf.query("q", "", { tags: { role: at % 2 === 0 ? "web" : "(" } });
    void caught(node.track(drain(query)));
    if (at > 1) void caught(node.track(query.return()));
  },
  setTags: (node, at) => void caught(node.track(node.serf.setTags({ role: `web-${at}` }))),
  remove: (node, at) =>
    void caught(node.track(node.serf.removeFailedNode(at % 2 === 0 ? "n1" : "peer", { prune: at > 1 }))),
  event: (node) => node.serf.userEvent("deploy", "v2"),
  listen: (node, at) => void caught(node.track(drain(node.serf.events({ signal: node.signal(at) })))),
  open: (node, at) => void node.serf.events({ signal: node.signal(at) }),
  listKeys: (node, at) => void caught(node.track(node.serf.keys.list({ signal: node.signal(at) }))),
  installKey: (node, at) =>
    void caught(node.track(node.serf.keys.install("AAAAAAAAAAAAAAAAAAAAAA==", { signal: node.signal(at) }))),
} satisfies Record<string, (node: Subject, at: number) => void>;

/** The node under test, with signals that its calls share. */
class Subject {
  readonly serf: Serf;
  readonly #runtime: Runtime;
  readonly #controllers = Array.from({ length: 4 }, () => new AbortController());
  readonly #pending = new Set<Promise<unknown>>();

  constructor(serf: Serf, runtime: Runtime) {
    this.serf = serf;
    this.#runtime = runtime;
  }

  /** Whether a call has not settled yet. */
  get waits(): boolean {
    return this.#pending.size > 0;
  }

  /** Remembers what a call returned until it settles. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    this.#pending.add(work);
    const settled = (): void => void this.#pending.delete(work);
    work.then(settled, settled);
    return work;
  }

  /** Starts another node at the address of this one, which is free only after its shutdown. */
  async startAnother(): Promise<void> {
    const another = await Serf.start({ name: "n2", bind: "10.0.0.2:7946" }, this.#runtime);
    await another.shutdown();
  }

  signal(at: number): AbortSignal {
    return this.#controllers[at]!.signal;
  }

  abort(at: number): void {
    this.#controllers[at]!.abort(new SerfError("ERR_TIMEOUT", "the program gave up"));
    this.#controllers[at] = new AbortController();
  }
}

const step = fc.record({
  call: fc.constantFrom(...(Object.keys(calls) as (keyof typeof calls)[])),
  at: fc.nat(3),
  /** Virtual time afterwards: none, a turn, within a leave, beyond every limit. */
  wait: fc.constantFrom(undefined, 0, 3, 400, 15_000),
});

const stray: unknown[] = [];
const note = (reason: unknown): void => void stray.push(reason);

beforeAll(() => {
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
});

afterAll(() => {
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
});

describe("the calls of a node", () => {
  it("in any order leave no promise unhandled, and a node that is shut down has stopped", {
    timeout: 20_000 + count * 100,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat(), async (steps, seed) => {
        const world = new World({ seed });
        const peer = world.addHost("peer", "10.0.0.1");
        await world.settle(Serf.start({ name: "peer", bind: "10.0.0.1:7946" }, peer));
        world.addHost("silent", "10.0.0.8");
        world.network.cut("n1", "silent");
        const own = world.addHost("n1", "10.0.0.2");
        const starting = Serf.start({ name: "n1", bind: "10.0.0.2:7946" }, own);
        const node = new Subject(await world.settle(starting), own);
        for (const { call, at, wait } of steps) {
          attempt(() => calls[call](node, at));
          if (wait !== undefined) await world.run(wait);
        }
        await world.settle(node.serf.shutdown());
        expect(await world.settle(node.serf.stopped)).toBe("shutdown");
        expect(node.serf.state).toBe("shutdown");
        await world.run(20_000);
        await new Promise((resolve) => setTimeout(resolve));
        expect(node.waits).toBe(false);
        expect(stray.splice(0)).toEqual([]);
      }),
      { numRuns: count },
    );
  });
});

/** A synchronous call may be refused, with an error of the library. */
function attempt(call: () => void): void {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(SerfError);
  }
}

/** What a call returns belongs to its caller, who looks at it; it fails with errors of the library. */
async function caught(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof SerfError)) note(error);
  }
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _item of items);
}
