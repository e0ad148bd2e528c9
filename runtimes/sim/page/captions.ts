/** Says in plain English what happens. Each sentence names who does what, and why. */

import { nodeScaleThousandths } from "../../../src/core/math.ts";
import { profiles } from "../../../src/core/swim/config.ts";
import { slowMs } from "./driver.ts";
import type { Happening } from "./happenings.ts";
import { type Action, halfOf, type Setting } from "./setting.ts";

/** A sentence about one moment. */
export interface Caption {
  readonly at: number;
  readonly text: string;
  /** Routine is shown only while time passes slowly. */
  readonly weight: "routine" | "notable";
  /** The nodes that it is about. */
  readonly nodes: readonly number[];
}

/** What a writer of captions knows of the cluster. */
export interface Scene {
  /** The number of nodes that run. */
  readonly running: number;
  /** Whether a node runs. */
  runs(node: number): boolean;
  /** Whether everything of a node happens late. */
  isSlow(node: number): boolean;
}

/** Writes captions. */
export class Captions {
  readonly #setting: Setting;
  readonly #scene: Scene;
  readonly #write: (caption: Caption) => void;
  readonly #timings: (typeof profiles)["lan"];
  /** Nodes that crashed, and when; as long as not all know. */
  readonly #crashes = new Map<number, number>();
  /** Nodes that were already reported as failed since they last ran. */
  readonly #reported = new Set<number>();
  readonly #suspected = new Set<number>();
  readonly #refuted = new Set<number>();
  readonly #left = new Set<number>();
  /** Since when the cluster is not one, and why. */
  #apart: { readonly since: number; readonly why: "start" | "heal" | "restart" } | undefined = {
    since: 0,
    why: "start",
  };
  /** How often something was said since the last thing that was done. */
  readonly #said = new Map<string, number>();
  #isCut = false;
  #lastRefutation: { readonly node: number; readonly at: number } | undefined;

  constructor(setting: Setting, scene: Scene, write: (caption: Caption) => void) {
    this.#setting = setting;
    this.#scene = scene;
    this.#write = write;
    this.#timings = profiles[setting.profile];
    this.#notable(
      0,
      `${setting.nodes} nodes start within a second. Each joins by calling one of the first three, and they exchange all they know.`,
    );
  }

  /** Takes something that happened. */
  happened(happening: Happening, now: number): void {
    switch (happening.kind) {
      case "done":
        this.#done(happening.action);
        return;
      case "started":
        this.#reported.delete(happening.node);
        this.#left.delete(happening.node);
        return;
      case "crashed":
        this.#suspected.delete(happening.node);
        return;
      case "call":
        this.#call(now, happening);
        return;
      case "helpers":
        this.#helpers(now, happening);
        return;
      case "suspects":
        this.#suspects(now, happening.node, happening.other);
        return;
      case "refutes":
        this.#refutes(now, happening.node, happening.other);
        return;
      case "trusted":
        this.#trusted(now, happening.node);
        return;
      case "failed":
        this.#failed(now, happening.node, happening.other);
        return;
      case "known":
        this.#known(now, happening.node);
        return;
      case "joined":
        this.#suspected.delete(happening.other);
        this.#reported.delete(happening.other);
        return;
      case "left":
        this.#hasLeft(now, happening.node, happening.other);
        return;
      case "united":
        this.#united(now);
        return;
      case "score":
        this.#score(now, happening);
        return;
      case "delivered":
        this.#delivered(now, happening);
        return;
      case "passed":
        this.#routine(
          now,
          `${n(happening.other)} passes “${happening.event}” on to ${n(happening.node)}.`,
          happening.other,
          happening.node,
        );
        return;
    }
  }

  #done(action: Action): void {
    const { at } = action;
    this.#said.clear();
    switch (action.kind) {
      case "crash":
        this.#crashes.set(action.node, at);
        this.#notable(
          at,
          `${n(action.node)} crashes without a word. Nobody knows yet: somebody has to probe it.`,
          action.node,
        );
        return;
      case "restart":
        this.#apart = { since: at, why: "restart" };
        this.#crashes.delete(action.node);
        this.#notable(at, `${n(action.node)} starts again and joins through another node.`, action.node);
        return;
      case "pause":
        this.#notable(
          at,
          `${n(action.node)} stands still, like a stopped process. What arrives for it waits.`,
          action.node,
        );
        return;
      case "resume":
        this.#notable(at, `${n(action.node)} goes on and reads what has arrived meanwhile.`, action.node);
        return;
      case "slow":
        this.#notable(
          at,
          `${n(action.node)} is slow now: everything it does happens ${slowMs} ms late, its acks too.`,
          action.node,
        );
        return;
      case "quick":
        this.#notable(at, `${n(action.node)} is as fast as the others again.`, action.node);
        return;
      case "leave":
        this.#notable(
          at,
          `${n(action.node)} announces that it leaves, so nobody will suspect it.`,
          action.node,
        );
        return;
      case "event":
        return;
      case "isolate":
        this.#isCut = true;
        this.#notable(at, `${n(action.node)} is cut off: nothing gets from it or to it.`, action.node);
        return;
      case "cut":
        this.#isCut = true;
        this.#notable(
          at,
          `The link between ${n(action.node)} and ${n(action.other)} is cut. Both reach all others, so helpers can vouch for them.`,
          action.node,
          action.other,
        );
        return;
      case "split": {
        this.#isCut = true;
        const last = halfOf(this.#setting.nodes).at(-1)!;
        this.#notable(
          at,
          `The network is cut in two: n0 to ${n(last)} and ${n(last + 1)} to ${n(this.#setting.nodes - 1)} cannot reach each other.`,
        );
        return;
      }
      case "heal":
        this.#isCut = false;
        this.#apart = { since: at, why: "heal" };
        this.#notable(
          at,
          "The network is whole again. A node that takes others for failed calls one of them now and then; one call that succeeds brings the two sides together.",
        );
        return;
      case "loss":
        this.#notable(at, `The network loses ${action.value} % of the packets from now on.`);
        return;
      case "latency":
        this.#notable(at, `A packet takes up to ${action.value} ms from now on.`);
        return;
    }
  }

  #call(now: number, { node, other, isProbe }: Extract<Happening, { kind: "call" }>): void {
    if (!isProbe)
      this.#routine(now, `${n(node)} calls ${n(other)}; they exchange all they know.`, node, other);
  }

  #helpers(now: number, { node, other, helpers }: Extract<Happening, { kind: "helpers" }>): void {
    this.#routine(
      now,
      `${n(node)} got no ack from ${n(other)}; it asks ${list(helpers)} to probe it, and tries a connection.`,
      node,
      other,
      ...helpers,
    );
  }

  #suspects(now: number, node: number, other: number): void {
    const isFirst = !this.#suspected.has(other);
    this.#suspected.add(other);
    const text = `${n(node)} suspects ${n(other)}, because neither it nor a helper got an ack.`;
    if (!isFirst) {
      this.#routine(now, text, node, other);
      return;
    }
    const { suspicionMult, suspicionMaxTimeoutMult, probeIntervalMs } = this.#timings;
    const least = (suspicionMult * probeIntervalMs * nodeScaleThousandths(this.#setting.nodes)) / 1000;
    const rest = `${n(other)} has ${seconds(least)} to ${seconds(least * suspicionMaxTimeoutMult)} to refute; the more nodes agree, the less.`;
    this.#say("suspects", now, this.#said.has("suspects") ? text : `${text} ${rest}`, node, other);
  }

  #refutes(now: number, node: number, other: number): void {
    this.#lastRefutation = { node, at: now };
    const isFirst = !this.#refuted.has(node);
    this.#refuted.add(node);
    const what = node === other ? "others take it for failed" : `${n(other)} suspects it`;
    const text = `${n(node)} receives that ${what}, and refutes: it announces itself again, with a higher incarnation.`;
    if (isFirst) this.#say("refutes", now, text, node, other);
    else this.#routine(now, text, node, other);
  }

  #trusted(now: number, node: number): void {
    this.#suspected.delete(node);
    if (this.#refuted.delete(node)) this.#say("trusted", now, `Nobody suspects ${n(node)} any more.`, node);
  }

  #failed(now: number, node: number, other: number): void {
    const crashedAt = this.#crashes.get(other);
    if (this.#reported.has(other)) {
      this.#routine(now, `${n(node)} takes ${n(other)} for failed.`, node, other);
      return;
    }
    this.#reported.add(other);
    if (crashedAt !== undefined) {
      const after = seconds(now - crashedAt);
      this.#notable(
        now,
        `${n(node)} declares ${n(other)} failed, ${after} after the crash: nobody refuted the suspicion in time.`,
        node,
        other,
      );
      return;
    }
    if (!this.#scene.runs(other)) return;
    const why = this.#isCut ? "it runs, but no refutation can get through" : "that is wrong, it runs";
    this.#say("failed", now, `${n(node)} declares ${n(other)} failed; ${why}.`, node, other);
  }

  #known(now: number, node: number): void {
    const crashedAt = this.#crashes.get(node);
    if (crashedAt === undefined) return;
    this.#crashes.delete(node);
    const { running } = this.#scene;
    this.#notable(
      now,
      `All ${running} running nodes know that ${n(node)} has failed, ${seconds(now - crashedAt)} after its crash.`,
      node,
    );
  }

  #hasLeft(now: number, node: number, other: number): void {
    if (this.#left.has(other)) return;
    this.#left.add(other);
    this.#notable(now, `${n(node)} is the first to know that ${n(other)} has left, on purpose.`, node, other);
  }

  #united(now: number): void {
    const apart = this.#apart;
    if (apart === undefined) return;
    this.#apart = undefined;
    const after = seconds(now - apart.since);
    const text = {
      start: `All ${this.#setting.nodes} nodes know each other, ${after} after the first started.`,
      heal: `All running nodes know each other again, ${after} after the network became whole.`,
      restart: `All running nodes know each other, ${after} after the restart.`,
    }[apart.why];
    this.#notable(now, text);
  }

  #score(now: number, { node, score, before }: Extract<Happening, { kind: "score" }>): void {
    const { probeIntervalMs } = this.#timings;
    if (score > before) {
      const waits = `${seconds((score + 1) * probeIntervalMs)} instead of ${seconds(probeIntervalMs)}`;
      const isDueToRefutation = this.#lastRefutation?.node === node && this.#lastRefutation.at === now;
      const why = isDueToRefutation ? `${n(node)} had to refute` : `A probe by ${n(node)} failed`;
      const text = `${why}, so it may be slow itself: its health score rises to ${score}. Its next probe has ${waits} before it suspects anybody.`;
      if (this.#scene.isSlow(node)) this.#say("score", now, text, node);
      else this.#routine(now, text, node);
      return;
    }
    const text = `A probe by ${n(node)} got its ack in time: its health score falls to ${score}.`;
    if (score === 0 && before > 1) this.#say("healthy", now, text, node);
    else this.#routine(now, text, node);
  }

  #delivered(now: number, { node, event, count, sentAt }: Extract<Happening, { kind: "delivered" }>): void {
    const { running } = this.#scene;
    if (now === sentAt && count === 1)
      this.#notable(
        now,
        `${n(node)} sends “${event}” and passes it on to its neighbours and to random nodes.`,
        node,
      );
    else if (count === running)
      this.#notable(
        now,
        `All ${running} running nodes have “${event}”, ${now - sentAt} ms after it was sent.`,
      );
    else if (count === Math.ceil(running / 2))
      this.#notable(now, `Half of the nodes have “${event}” after ${now - sentAt} ms.`);
  }

  /** Writes something notable, or as routine what was said a few times already. */
  #say(what: string, at: number, text: string, ...nodes: readonly number[]): void {
    const count = (this.#said.get(what) ?? 0) + 1;
    this.#said.set(what, count);
    if (count > repetitionsMax) this.#routine(at, text, ...nodes);
    else this.#notable(at, text, ...nodes);
  }

  #notable(at: number, text: string, ...nodes: readonly number[]): void {
    this.#write({ at, text, weight: "notable", nodes });
  }

  #routine(at: number, text: string, ...nodes: readonly number[]): void {
    this.#write({ at, text, weight: "routine", nodes });
  }
}

/** What is said more often after something was done becomes routine. */
const repetitionsMax = 3;

/** Returns the name of a node. */
export function n(node: number): string {
  return `n${node}`;
}

function list(nodes: readonly number[]): string {
  const names = nodes.map(n);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
