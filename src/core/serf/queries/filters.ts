/**
 * Filters of a query: names of nodes, or an expression that the value of a tag has to match. All
 * filters have to match (serf `shouldProcessQuery`). The host evaluates the expressions, because
 * the core cannot import the library that does.
 */

import { WireError } from "../../wire/error.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";
import { SerfLimits } from "../config.ts";
import { patternCost } from "./pattern_cost.ts";

/** Why an expression cannot be compiled. */
export interface PatternFault {
  readonly fault: string;
}

/**
 * Returns whether `value` has a match of `expression` (RE2 syntax, unanchored), or "later" while
 * the regular-expression engine is being loaded; the host then calls
 * `SerfCore.queries.patternsLoaded`.
 */
export type PatternMatcher = (expression: string, value: string) => boolean | PatternFault | "later";

/** Which members a query is for. An empty part matches all. */
export interface QueryFilter {
  readonly nodes: readonly string[];
  /** Tag names to expressions. */
  readonly tags: ReadonlyMap<string, string>;
}

/** A node to match against the filters. */
export interface FilterSubject {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A decoded filter. "bad" matches no node. */
export type Filter =
  | { readonly kind: "nodes"; readonly names: ReadonlySet<string> }
  | { readonly kind: "tag"; readonly tag: string; readonly expression: string }
  | { readonly kind: "bad"; readonly why: string };

const filterType = { nodes: 0, tag: 1 } as const;

/** Encodes filters for a query. */
export function encodeFilters({ nodes, tags }: QueryFilter): Uint8Array[] {
  const filters: Uint8Array[] = [];
  if (nodes.length > 0) {
    const writer = new MsgpackWriter(filterType.nodes).array(nodes.length);
    for (const name of nodes) writer.string(name);
    filters.push(writer.finish());
  }
  for (const [tag, expression] of tags) {
    const writer = new MsgpackWriter(filterType.tag).map(2);
    filters.push(writer.string("Expr").string(expression).string("Tag").string(tag).finish());
  }
  return filters;
}

/**
 * Decodes filters. A malformed one becomes "bad". If the tag expressions are too much work
 * together, one bad filter takes the place of all, so that none is compiled.
 */
export function decodeFilters(encoded: readonly Uint8Array[]): Filter[] {
  if (encoded.length > SerfLimits.filters)
    return [{ kind: "bad", why: `query has ${encoded.length} filters` }];
  const filters = encoded.map(decodeFilter);
  const fault = expressionsFault(
    filters.flatMap((filter) => (filter.kind === "tag" ? [filter.expression] : [])),
  );
  return fault === undefined ? filters : [{ kind: "bad", why: `query has ${fault}` }];
}

/** Returns why the tag expressions of one query are refused whatever they match, or `undefined`. */
export function expressionsFault(expressions: readonly string[]): string | undefined {
  const size = expressions.reduce((sum, { length }) => sum + length, 0);
  if (size > SerfLimits.expressionsSize)
    return `tag expressions of ${size} characters, more than ${SerfLimits.expressionsSize}`;
  const cost = Math.ceil(expressions.reduce((sum, expression) => sum + patternCost(expression), 0));
  if (cost > SerfLimits.expressionsCost)
    return `tag expressions that are too much work (${cost} instructions, more than ${SerfLimits.expressionsCost})`;
  return undefined;
}

/**
 * Returns whether all filters match a node, or "later" if that depends on an expression that cannot
 * be evaluated yet. `warn` is called for bad filters.
 */
export function matchesFilters(
  filters: readonly Filter[],
  subject: FilterSubject,
  match: PatternMatcher,
  warn: (text: string) => void,
): boolean | "later" {
  let result: true | "later" = true;
  let steps = 0;
  for (const filter of filters) {
    switch (filter.kind) {
      case "nodes":
        if (!filter.names.has(subject.name)) return false;
        break;
      case "tag": {
        const value = Object.hasOwn(subject.tags, filter.tag) ? subject.tags[filter.tag]! : "";
        steps += patternCost(filter.expression) * (value.length + 1);
        if (steps > SerfLimits.expressionsSteps) {
          const tag = JSON.stringify(filter.tag);
          warn(`query has tag expressions that are too much work for the value of tag ${tag}`);
          return false;
        }
        const matched = match(filter.expression, value);
        if (typeof matched === "object")
          warn(`failed to compile filter regex (${filter.expression}): ${matched.fault}`);
        if (typeof matched === "object" || !matched) return false;
        if (matched === "later") result = "later";
        break;
      }
      case "bad":
        warn(filter.why);
        return false;
    }
  }
  return result;
}

function decodeFilter(encoded: Uint8Array): Filter {
  const kind = encoded[0];
  try {
    if (kind === filterType.nodes) return decodeNodes(encoded);
    if (kind === filterType.tag) return decodeTag(encoded);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const name = kind === filterType.nodes ? "filterNodeType" : "filterTagType";
    return { kind: "bad", why: `failed to decode ${name}: ${error.message}` };
  }
  const why =
    kind === undefined ? "query has an empty filter" : `query has unrecognized filter type: ${kind}`;
  return { kind: "bad", why };
}

function decodeNodes(encoded: Uint8Array): Filter {
  const reader = new MsgpackReader(encoded, 1);
  const names = new Set<string>();
  const count = reader.arrayHeader();
  if (count > SerfLimits.filterNames) throw new WireError(`filter has ${count} names`);
  for (let left = count; left > 0; left--) names.add(reader.string());
  return { kind: "nodes", names };
}

function decodeTag(encoded: Uint8Array): Filter {
  let tag = "";
  let expression = "";
  const fields = {
    Tag: (reader: MsgpackReader) => (tag = reader.string()),
    Expr: (reader: MsgpackReader) => (expression = reader.string()),
  };
  new MsgpackReader(encoded, 1).struct(fields, ["Tag", "Expr"]);
  return { kind: "tag", tag, expression };
}
