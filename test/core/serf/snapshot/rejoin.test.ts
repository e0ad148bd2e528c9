import { describe, expect, it } from "vitest";
import type { SerfContext } from "../../../../src/core/serf/context.ts";
import { SerfMembers } from "../../../../src/core/serf/members/members.ts";
import { replay } from "../../../../src/core/serf/snapshot/format.ts";
import { Rejoin } from "../../../../src/core/serf/snapshot/rejoin.ts";
import type { Address } from "../../../../src/runtime.ts";
import { testContext } from "../nodes.ts";

const minute = 60_000;

type Done = (now: number, error: string | undefined) => void;

/**
 * A node `self` at 10.0.0.1:7946 with the file of an earlier run; `answers` are the addresses that
 * can be joined.
 */
class Subject {
  readonly context: SerfContext;
  readonly members: SerfMembers;
  readonly rejoin: Rejoin;
  readonly tried: string[] = [];
  readonly answers = new Set<string>();
  #log: string[] = [];

  constructor(file: string, seed = 1) {
    this.context = testContext({ name: "self", reconnectTimeoutMs: 10 * minute }, seed);
    this.members = new SerfMembers(this.context, () => undefined);
    this.meet("self", 1);
    const swim = {
      join: (now: number, to: Address, name: string, done: Done) => {
        this.tried.push(`${name} ${to.host} ${to.port}`);
        done(now, this.answers.has(name) ? undefined : "connection refused");
      },
    };
    const { state } = replay(new TextEncoder().encode(file), false);
    this.rejoin = new Rejoin(this.context, this.members, swim, state);
  }

  /** Adds a member to the node. */
  meet(name: string, host: number): void {
    this.members.joined(0, {
      name,
      address: Uint8Array.of(10, 0, 0, host),
      endpoint: { host: `10.0.0.${host}`, port: 7946 },
      meta: new Uint8Array(),
      versions: new Uint8Array(6),
    });
    this.context.outbox.drain();
  }

  get log(): string[] {
    for (const effect of this.context.outbox.drain())
      if (effect.kind === "log") this.#log.push(`${effect.level} ${effect.text}`);
    return this.#log;
  }
}

describe("a rejoin", () => {
  it("tries members that were alive, then failed ones, and stops at the first that answers", () => {
    const file =
      "#failed: f 10.0.0.6:1\n#failed: g 10.0.0.7:1\nalive: a 10.0.0.2:7946\nalive: b [fe80::1]:1\nalive: self 10.0.0.1:7946\n";
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed += 1) {
      const subject = new Subject(file, seed);
      subject.answers.add("f");
      subject.rejoin.start(0);
      const names = subject.tried.map((tried) => tried.split(" ")[0]!);
      expect(names.slice(0, 2).sort()).toEqual(["a", "b"]);
      expect(names.at(-1)).toBe("f");
      orders.add(names.join(" "));
      expect(subject.tried).toContain("b fe80::1 1");
      expect(subject.log.at(-1)).toBe("INFO Re-joined to previously known node: f: 10.0.0.6:1");
    }
    expect([...orders].sort()).toEqual(["a b f", "a b g f", "b a f", "b a g f"]);
  });

  it("logs if no member answers, and nothing if there was none", () => {
    const alone = new Subject("clock: 5\n");
    alone.rejoin.start(0);
    expect(alone.log).toEqual([]);
    const subject = new Subject("alive: self 10.0.0.1:7946\nalive: a 10.0.0.2:7946\n");
    subject.rejoin.start(0);
    expect(subject.log).toEqual([
      "INFO Attempting re-join to previously known node: a: 10.0.0.2:7946",
      "WARN Failed to re-join any previously known node",
    ]);
  });

  it("skips itself under an earlier name, and entries that are not addresses", () => {
    const subject = new Subject(
      "alive: before 10.0.0.1:7946\nalive: b host:1\nalive: c 10.0.0.3\nalive: d 10.0.0.4:0\nalive: e 10.0.0.5:65536\nalive: g :::1\nalive: f 10.0.0.6:1\n",
    );
    subject.rejoin.start(0);
    expect(subject.tried).toEqual(["f 10.0.0.6 1"]);
  });

  it("keeps trying members that are still unknown, until they appear or the time is over", () => {
    const file = "alive: a 10.0.0.2:7946\nalive: b 10.0.0.3:7946\n";
    const subject = new Subject(file);
    subject.rejoin.start(0);
    subject.tried.length = 0;
    subject.rejoin.again(minute);
    expect(subject.tried).toHaveLength(1);
    subject.meet("a", 2);
    for (let at = 2; at < 5; at += 1) subject.rejoin.again(at * minute);
    expect(new Set(subject.tried.slice(1))).toEqual(new Set(["b 10.0.0.3 7946"]));
    const count = subject.tried.length;
    subject.rejoin.again(11 * minute);
    expect(subject.tried).toHaveLength(count);
    const met = new Subject(file);
    met.meet("a", 2);
    met.meet("b", 3);
    met.rejoin.again(minute);
    expect(met.tried).toEqual([]);
  });

  it("stops when the node leaves, even if it then joins again", () => {
    const subject = new Subject("alive: a 10.0.0.2:7946\n");
    subject.context.state = "leaving";
    subject.rejoin.start(0);
    subject.rejoin.again(minute);
    subject.context.state = "alive";
    subject.rejoin.again(2 * minute);
    expect(subject.tried).toEqual([]);
    expect(subject.log).toEqual([]);
  });
});
