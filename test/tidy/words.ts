/**
 * Words that comments, documents and test titles do without, as data: each with what to write
 * instead. Things send, receive, log and return; they do not wish, hear or say.
 */

import ts from "typescript";
import { type Prose, placeOf } from "./references.ts";
import { type Source, walk } from "./sources.ts";

/** A forbidden word or sentence. */
export interface Word {
  /** What must not be written; a space matches any white space. Case does not matter. */
  readonly pattern: string;
  readonly instead: string;
  /** A sample that is found. */
  readonly sample: string;
}

/** Words and phrases. */
export const words: readonly Word[] = [
  {
    pattern: "the original",
    instead: "name it: Serf, memberlist, Go's flag package",
    sample: "as in the original's log",
  },
  { pattern: "as ever", instead: "leave it out, or say what stays the same", sample: "compared, as ever." },
  {
    pattern: "always (has|have) been",
    instead: "describe what is, not what was",
    sample: "as it always has been",
  },
  { pattern: "in vain", instead: "say what failed", sample: "What was in vain counts" },
  { pattern: "gives? way", instead: "is dropped, is replaced", sample: "the oldest gives way" },
  { pattern: "made anew", instead: "rebuilt, rewritten, created again", sample: "Serf made anew" },
  {
    pattern: "is there:",
    instead: "has loaded, has arrived, exists",
    sample: "The engine is there: decides",
  },
  {
    pattern: "a text (that|if|says|when|ignores)",
    instead: "a reason (why refused), a message (for people), `undefined` or `null` otherwise",
    sample: "a text says why",
  },
  {
    pattern: "wish(es|ed)?",
    instead: "an intent; for things: want nothing, do something",
    sample: "what members wish",
  },
  { pattern: "goodbyes?", instead: "leave", sample: "Says goodbye: our own death" },
  { pattern: "signs? of life", instead: "reply", sample: "asks for a sign of life" },
  { pattern: "hears? of", instead: "receives, learns from", sample: "must hear of it" },
  {
    pattern: "(is|are|was|were) told",
    instead: "receives, is called with, is passed",
    sample: "`erased` is told of every name",
  },
  { pattern: "complains?", instead: "logs a warning, rejects", sample: "and complains there" },
  { pattern: "the hands of", instead: "say what it carries out", sample: "The hands of a node" },
  { pattern: "news", instead: "broadcast, gossip, message", sample: "as much news as fits" },
];

/** Riddles that were once written, and how a colleague would say them. */
export const sentences: readonly Word[] = [
  ["Nobody's vote is a lost vote.", "If nobody votes, this node loses and stops."],
  [
    "Users hear of our goodbye before they are told that it is said.",
    "Flush first: subscribers must receive our own member-leave before `leave()` resolves.",
  ],
  [
    "What members wish, in Lamport order: intents to join and to leave, received and sent",
    "Join and leave intents: applies those we receive and broadcasts our own.",
  ],
  [
    "Asked about every news of a live member, again and again; a text ignores the news.",
    "Called for every alive message, so repeatedly per member. Return a reason to ignore the message, or `null` to accept it.",
  ],
  [
    "The engine of tag expressions is there: decides about the queries that waited for it.",
    "The regular-expression engine has loaded: evaluates the queries that were held for it.",
  ],
  [
    "This node is asked as well, and complains there.",
    "No warning here: our own node evaluates the same filters and logs bad ones.",
  ],
  [
    "A target that does not resolve spoils the others only when none does.",
    "Unresolvable targets are ignored unless all of them fail.",
  ],
  [
    "A script that does not come to its end holds back those behind it for part of the query's time.",
    "A script that is still running delays the answers of later scripts, for at most half the query's time.",
  ],
  [
    "What was in vain counts as well: many bad parts must not cost more than good ones.",
    "Charge failed decompression to the budget too, or bad parts would cost more than good ones.",
  ],
  [
    "The hands of a node: performs what the core asks for, in order.",
    "Carries out the core's effects, in order.",
  ],
].map(([sentence = "", instead = ""]) => ({ pattern: literal(sentence), instead, sample: sentence }));

const patterns = [...words, ...sentences].map(({ pattern, instead }) => {
  const spaced = pattern.replaceAll(" ", "\\s+");
  // A word ends where letters end; a pattern may end with something else.
  return { instead, expression: new RegExp(`(?<![\\w'])(?:${spaced})(?![\\w])`, "gi") };
});

/** Forbidden words in prose, each with what to write instead. */
export function badWords(prose: Prose): string[] {
  const text = prose.text.replaceAll(/(?<=\n)\s*(\*|\/\/)/g, (prefix) => " ".repeat(prefix.length));
  return patterns.flatMap(({ expression, instead }) =>
    Array.from(text.matchAll(expression), (match) => {
      const found = match[0].replaceAll(/\s+/g, " ");
      return `${placeOf(prose, match.index)} "${found}": ${instead}`;
    }),
  );
}

/** Joins line comments that follow each other, so that a sentence is found across lines. */
export function joined(comments: readonly Prose[]): Prose[] {
  const paragraphs: Prose[] = [];
  for (const comment of comments) {
    const last = paragraphs.at(-1);
    const isNext =
      last?.path === comment.path &&
      last.text.startsWith("//") &&
      comment.text.startsWith("//") &&
      last.line + last.text.split("\n").length === comment.line;
    if (isNext) paragraphs[paragraphs.length - 1] = { ...last, text: `${last.text}\n${comment.text}` };
    else paragraphs.push(comment);
  }
  return paragraphs;
}

/** The titles of suites and tests in a source. */
export function titles({ path, tree }: Source): Prose[] {
  const found: Prose[] = [];
  for (const node of walk(tree)) {
    if (!ts.isCallExpression(node) || !declarers.has(declarer(node.expression))) continue;
    const [title] = node.arguments;
    if (title === undefined || !(ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) continue;
    const line = tree.getLineAndCharacterOfPosition(title.getStart(tree)).line + 1;
    found.push({ path, line, text: title.getText(tree) });
  }
  return found;
}

/** Functions that declare tests; `check` and `each` are the ones of suites that share theirs. */
const declarers: ReadonlySet<string> = new Set(["describe", "it", "test", "check", "each"]);

/** The name that an expression like `it.skipIf(here).each` begins with. */
function declarer(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isCallExpression(expression) || ts.isPropertyAccessExpression(expression))
    return declarer(expression.expression);
  return ts.isTaggedTemplateExpression(expression) ? declarer(expression.tag) : "";
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
