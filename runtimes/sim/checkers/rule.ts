/**
 * What all checkers share: a rule that holds in every history sees what happens and keeps the cases
 * that broke it. A rule never changes a run.
 */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { NodeStatus } from "../../../src/core/swim/members.ts";
import type { CoreNode } from "../cores/node.ts";
import type { Bounds } from "./bounds.ts";
import type { Truth } from "./truth.ts";

/** The number of cases of one rule that are kept as text; further ones are counted. */
const casesMax = 10;

/** What the rules of one world share. */
export interface Scene {
  /** The number of nodes. */
  readonly size: number;
  /** Nodes by their number, from their first start on. */
  readonly nodes: readonly (CoreNode | undefined)[];
  /** What really happened. */
  readonly truth: Truth;
  /** @internal */
  readonly bounds: Bounds;
  /** Whether some nodes go without our own rules, as peers with memberlist do. */
  readonly memberlist?: boolean;
}

/** A node changed what it knows of another, or of itself. */
export interface Change {
  /** Whose belief changed. */
  readonly observer: CoreNode;
  /** The number of the node that is known, and its name. */
  readonly subject: number;
  /** The member it is about. */
  readonly name: string;
  /** @internal */
  readonly status: NodeStatus;
  /** The incarnation that the belief is of. */
  readonly incarnation: number;
  /**
   * What the observer knew before; `undefined` if the record is new.
   *
   * @internal
   */
  readonly before: { readonly status: NodeStatus; readonly incarnation: number } | undefined;
}

/** A case that broke a rule. */
export interface Finding {
  /** Virtual milliseconds. */
  readonly at: number;
  /** The rule that was broken. */
  readonly rule: string;
  /** What happened, for people. */
  readonly text: string;
}

/** A checker. It implements what it needs to see. */
export abstract class Rule {
  /** What has to hold, as a sentence. */
  abstract readonly name: string;
  /** The number of cases that were judged, so that a run proves that the rule was applied. */
  judged = 0;
  /** The number of cases that broke the rule. */
  broken = 0;
  /** The first cases that broke it. */
  readonly findings: Finding[] = [];
  /** What the rule can see. */
  protected readonly scene: Scene;

  /** Rules of one world share a scene. */
  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** A node's core was created. */
  started?(now: number, node: CoreNode): void;
  /** A node ended without a word. */
  crashed?(now: number, node: CoreNode): void;
  /** A node changed what it knows of a node. */
  changed?(now: number, change: Change): void;
  /**
   * The kinds of effects that {@link effect} wants to see. Without it: all.
   *
   * @internal
   */
  readonly kinds?: readonly SerfEffect["kind"][];
  /**
   * A core asked for something.
   *
   * @internal
   */
  effect?(now: number, node: CoreNode, effect: SerfEffect): void;
  /** A core has had an input, and all that it asked for was done. */
  turned?(now: number, node: CoreNode): void;
  /** There were no faults and no input for long enough that everything has to be in order. */
  quiet?(now: number): void;

  /** Keeps a case that broke the rule. */
  protected fail(at: number, text: string): void {
    this.broken += 1;
    if (this.findings.length < casesMax) this.findings.push({ at, rule: this.name, text });
  }
}
