/**
 * What cannot be the same in two runs is removed from an output here, and nowhere else: times,
 * ports that the kernel chose, the machine, and the order of what Serf keeps in maps or learns from
 * several goroutines. Everything else stays and is compared.
 */

import type { Chance } from "./intended.ts";
import type { Observed } from "./transcript.ts";

/** The output of a command in the form that is compared. `chances` are those of its transcript. */
export function normal(
  args: readonly string[],
  observed: Observed,
  chances: readonly Chance[] = [],
): Observed {
  const stdout = withoutEntries(withoutNumbers(observed.stdout), chances);
  const unordered = new Set(chances.flatMap((chance) => chance.unordered ?? []));
  return {
    stdout: byCommand(args, stdout, unordered),
    stderr: withoutNumbers(observed.stderr),
    end: observed.end,
  };
}

/** The content of a file without the clocks of a snapshot, which are written every half second. */
export function normalFile(content: string): string {
  return content.replace(/^(event-|query-)?clock: \d+\n/gm, "");
}

function byCommand(args: readonly string[], text: string, unordered: ReadonlySet<string>): string {
  const json = args.includes("-format=json");
  switch (args[0]) {
    case "agent":
      return agentOutput(text, unordered);
    case "monitor":
      return monitorOutput(text, unordered);
    case "members":
      return json ? memberObjects(text) : memberRows(text);
    case "query":
      return json ? ackList(text) : answers(text);
    case "reachability":
      return sortRun(text, /^\tAck from /);
    case "keys":
      return sortRun(sortRun(text, /^failed: {2}/), /^\S+ +\[\d+\/\d+\]$/);
    case "keygen":
      return text.replace(/^[A-Za-z0-9+/]{43}=$/m, "KEY");
    case "info":
      return machine(text);
    case "rtt":
      return text.replace(/rtt: \d+\.\d{3} ms/, "rtt: MILLISECONDS ms");
    default:
      return text;
  }
}

/** Times, and ports and numbers that are drawn each time. */
function withoutNumbers(text: string): string {
  return text
    .replace(/^( {4})?\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[/gm, "$1TIME [")
    .replace(/(Accepted client: |ipc\.client: |from=|->)127\.0\.0\.1:\d+/g, "$1127.0.0.1:PORT")
    .replace(/\(LTime: \d+, ID: \d+\)/g, "(LTime: NUMBER, ID: NUMBER)")
    .replace(
      /Query time: \d+\.\d\d sec, time to last response: \d+\.\d\d sec/,
      "Query time: SECONDS sec, time to last response: SECONDS sec",
    );
}

/**
 * The lines of `info` about the machine and its runtime; a clock that depends on which of two joins
 * arrived first, and one of all queries.
 */
function machine(text: string): string {
  return text.replace(
    /^( {4}"|\t)(arch|cpu_count|goroutines|max_procs|os|version|member_time|query_time)(": "| = )[^"\n]+/gm,
    "$1$2$3VALUE",
  );
}

/** Rows in the order of names, tags in alphabetical order. */
function memberRows(text: string): string {
  const rows = text.split("\n").map((line) => {
    const cells = line.split(/( {2,})/);
    return cells.map((cell) => (cell.includes("=") ? cell.split(",").sort().join(",") : cell)).join("");
  });
  // The last row of all lost the blanks at its end.
  return sortRun(
    rows.map((row) => (/^\S.* {2,}\S/.test(row) ? row.trimEnd() : row)).join("\n"),
    /^\S.* {2}\S/,
  );
}

/** The same of the objects between the brackets. */
function memberObjects(text: string): string {
  const objects = [...text.matchAll(/^ {4}\{\n[\s\S]*?^ {4}\}/gm)].map(([object]) => object);
  let next = 0;
  const sorted = [...objects].sort();
  return text.replace(/^ {4}\{\n[\s\S]*?^ {4}\}/gm, () => sorted[next++]!);
}

function ackList(text: string): string {
  return text.replace(
    /("Acks": \[\n)([^\]]*)(\n {2}\])/,
    (_all, open: string, list: string, close: string) => {
      const names = list.split(",\n").sort();
      return `${open}${names.join(",\n")}${close}`;
    },
  );
}

/** Acknowledgements and responses arrive in any order; a response may have several lines. */
function answers(text: string): string {
  const parts = text.split(/^(?=Ack from '|Response from '|Total Acks: |Total Responses: )/m);
  const from = parts.filter((part) => /^(Ack|Response) from/.test(part)).sort();
  const [first = "", ...rest] = parts.filter((part) => !/^(Ack|Response) from/.test(part));
  return [/^(Ack|Response) from/.test(text) ? "" : first, ...from, ...rest].join("");
}

/** Sorts the lines that look alike, in the places where they are. */
function sortRun(text: string, alike: RegExp): string {
  const lines = text.split("\n");
  const sorted = lines.filter((line) => alike.test(line)).sort();
  let next = 0;
  return lines.map((line) => (alike.test(line) ? sorted[next++]! : line)).join("\n");
}

function withoutEntries(text: string, chances: readonly Chance[]): string {
  const patterns = (name: "lines" | "repeated"): RegExp[] =>
    chances.flatMap((chance) => (chance[name] === undefined ? [] : [chance[name]]));
  const [left, repeatedly] = [patterns("lines"), patterns("repeated")];
  const from = chances.find((chance) => chance.from !== undefined)?.from;
  if (chances.length === 0) return text;
  const all = entries(text, /^(==> |(?: {4})?TIME \[|Event Info:\n|\n$|Remote side)/);
  const first = from === undefined ? 0 : all.findIndex((entry) => from.test(entry));
  const seen = new Set<string>();
  return all
    .slice(Math.max(first, 0))
    .filter((entry) => {
      if (left.some((pattern) => pattern.test(entry))) return false;
      if (!repeatedly.some((pattern) => pattern.test(entry))) return true;
      const again = seen.has(entry);
      seen.add(entry);
      return !again;
    })
    .join("");
}

const entryStart = /^(==> | {4}TIME \[)/;
const logHeading = "==> Log data will now stream in as it occurs:\n\n";

/**
 * The banner, and after it the entries by their writer, because the writers do not wait for one
 * another.
 */
function agentOutput(text: string, unordered: ReadonlySet<string>): string {
  const end = text.indexOf(logHeading);
  if (end < 0) return text;
  const banner = text.slice(0, end + logHeading.length);
  // Whether an agent that stops its node logs that it stopped is a race.
  text = text.replace(
    /(?<=requesting serf shutdown\n[\s\S]*) {4}TIME \[WARN\] agent: Serf shutdown detected, quitting\n/,
    "",
  );
  return banner + byWriter(entries(text.slice(banner.length), entryStart), unordered);
}

/**
 * Log lines by their writer, then the events with their fields sorted, because Serf has no order
 * for them.
 */
function monitorOutput(text: string, unordered: ReadonlySet<string>): string {
  const all = entries(text, /^(TIME \[|Event Info:\n|\n$|Remote side)/);
  const events = all.filter((entry) => entry.startsWith("Event Info:\n"));
  const shown = events.map((event) => {
    const [heading, ...fields] = event.trimEnd().split("\n");
    // A query that was lost was sent again.
    const query = fields.some((field) => field === '\tEvent: "query"');
    if (query)
      fields.splice(
        0,
        fields.length,
        ...fields.map((field) => field.replace(/LTime: \d+$/, "LTime: NUMBER")),
      );
    return `${[heading, ...fields.sort()].join("\n")}\n`;
  });
  if (unordered.has("shown")) shown.sort();
  return (
    byWriter(
      all.filter((entry) => !entry.startsWith("Event Info:\n")),
      unordered,
    ) + shown.join("")
  );
}

function entries(text: string, start: RegExp): string[] {
  const found: string[] = [];
  for (const line of text === "" ? [] : text.split(/(?<=\n)/)) {
    if (start.test(line) || found.length === 0) found.push(line);
    else found[found.length - 1] += line;
  }
  return found;
}

function byWriter(all: readonly string[], unordered: ReadonlySet<string>): string {
  const writers = new Map<string, string[]>();
  for (const entry of all) {
    const writer = writerOf(entry);
    const written = writers.get(writer) ?? [];
    writers.set(writer, written);
    // How often gossip repeats a message depends on chance.
    if (!repeated.test(entry) || !written.includes(entry)) written.push(entry);
  }
  const parts = [...writers].sort(([a], [b]) => (a < b ? -1 : 1));
  return parts
    .map(([writer, written]) => {
      const anyOrder = writer === "gossip" || unordered.has(writer);
      const ordered = anyOrder ? written.sort() : sortRuns(written, / serf: EventMemberJoin: /);
      return `-- ${writer}\n${ordered.join("")}`;
    })
    .join("");
}

/** Sorts neighbours that look alike: the members that a join adds arrive in random order. */
function sortRuns(all: readonly string[], alike: RegExp): string[] {
  const sorted: string[] = [];
  for (const entry of all) {
    let place = sorted.length;
    if (alike.test(entry))
      while (place > 0 && alike.test(sorted[place - 1]!) && sorted[place - 1]! > entry) place -= 1;
    sorted.splice(place, 0, entry);
  }
  return sorted;
}

const repeated = /\[DEBUG\] serf: message\w+Type: |memberlist: Suspect .* has failed, no acks received/;

function writerOf(entry: string): string {
  if (/\[DEBUG\] serf: message\w+Type: /.test(entry)) return "gossip";
  if (
    / agent: (Received event: |Event '|Script '|Error invoking|Failed to respond)| Error writing payload/.test(
      entry,
    )
  )
    return "events";
  return /^(?: {4})?TIME \[\w+\] ([\w.]+):/.exec(entry)?.[1] ?? "console";
}
