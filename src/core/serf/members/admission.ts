/**
 * Decides who may be a member, by the rule for names and the hooks of the application (serf
 * `MergeDelegate`, `ValidateNodeNames`).
 */

import { formatAddress } from "../../../net/address.ts";
import { type Job, visit } from "../../jobs.ts";
import { aliveFault } from "../../swim/validity.ts";
import { WireError } from "../../wire/error.ts";
import { type Alive, type NodeState, NodeStateCode } from "../../wire/messages.ts";
import type { Member } from "../api.ts";
import type { SerfConfig } from "../config.ts";
import { decodeTags } from "../wire/tags.ts";
import { versionRanges } from "./versions.ts";

/** The reason for a refusal, or `undefined` if the member is admitted. */
export type Verdict = string | undefined;

/** The application's checks. Both are called synchronously; if one throws, it refuses. */
export interface AdmissionHooks {
  /**
   * Called for every alive message that says something new about a member. Returns a reason to ignore the
   * message, or `null` to accept it.
   */
  readonly admitMember?: (member: Member) => string | null;
  /**
   * Called before two clusters become one, on both sides. Returns a reason to refuse the join, or
   * `null` to accept it.
   */
  readonly admitMerge?: (members: readonly Member[]) => string | null;
}

const nameSizeMax = 128;

/** How many nodes of a push/pull are checked at once. */
const checkedAtOnce = 2_048;

/**
 * Returns why the strict rule for names forbids this one, or `undefined` (serf `validateNodeName`).
 */
export function strictNameFault(name: string): Verdict {
  if (/[^A-Za-z0-9\-.]/.test(name)) {
    return `Node name contains invalid characters ${name} , Valid characters include all alpha-numerics and dashes and '.' `;
  }
  if (name.length > nameSizeMax) {
    return `Node name is ${name.length} characters. Valid length is between 1 and ${nameSizeMax} characters`;
  }
  return undefined;
}

/** Applies the checks to messages of other nodes. */
export class Admission {
  readonly #config: SerfConfig;
  readonly #hooks: AdmissionHooks;

  constructor(config: SerfConfig, hooks: AdmissionHooks) {
    this.#config = config;
    this.#hooks = hooks;
  }

  /** Checks an alive message. Our own node is always admitted. */
  alive(alive: Alive): Verdict {
    if (alive.node === this.#config.name) return undefined;
    const { admitMember } = this.#hooks;
    const fault = this.#nameFault(alive.node);
    if (fault !== undefined || admitMember === undefined) return fault;
    return ask(() => admitMember(memberOf(alive, "none")));
  }

  /** Checks the nodes of a joining push/pull. */
  *merge(nodes: readonly NodeState[]): Job<Verdict> {
    const nameFault = yield* visit(nodes, checkedAtOnce, ({ node }) => this.#nameFault(node));
    const { admitMerge } = this.#hooks;
    if (nameFault !== undefined || admitMerge === undefined) return nameFault;
    const members: Member[] = [];
    const fault = yield* visit(nodes, checkedAtOnce, (node) => {
      const reason = aliveFault({ ...node, type: "alive" });
      if (reason !== undefined) return `${JSON.stringify(node.node)}: ${reason}`;
      members.push(memberOf(node, node.state === NodeStateCode.left ? "left" : "none"));
      return undefined;
    });
    return fault ?? ask(() => admitMerge(members));
  }

  #nameFault(name: string): Verdict {
    return this.#config.validateNodeNames ? strictNameFault(name) : undefined;
  }
}

function ask(question: () => string | null): Verdict {
  try {
    return question() ?? undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function memberOf(node: Alive | NodeState, status: "none" | "left"): Member {
  return Object.freeze({
    name: node.node,
    address: formatAddress(node.address),
    port: node.port,
    tags: tagsOf(node.meta),
    status,
    ...versionRanges(node.versions),
  });
}

function tagsOf(meta: Uint8Array | null): Member["tags"] {
  try {
    return decodeTags(meta);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return Object.freeze({});
  }
}
