/**
 * Reads the transcripts in `test/golden/transcripts`: commands as they were typed and what followed, files, and what the recorder wrote
 * between them. The format is described in the folder's README.
 */

import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../golden/transcripts/", import.meta.url);

/** The outcome of a program. */
export interface Observed {
  readonly stdout: string;
  readonly stderr: string;
  /** `exit 0`, or `exit signal SIGKILL`. */
  readonly end: string;
}

/** A command and what followed. */
export interface Step extends Observed {
  readonly kind: "command";
  /** Its place among commands and files, from 0. */
  readonly index: number;
  /** The line as it was typed. */
  readonly line: string;
  readonly env: Readonly<Record<string, string>>;
  /** The words after `serf`. */
  readonly args: readonly string[];
  /** The recorder's lines above it, and between it and its output. */
  readonly notes: readonly string[];
}

/** The content of a file. */
export interface FileBlock {
  readonly kind: "file";
  /** Its place among commands and files, from 0. */
  readonly index: number;
  readonly notes: readonly string[];
  readonly content: string;
}

/** Lines of the recorder that belong to no command and no file. */
export interface Remark {
  readonly kind: "remark";
  readonly notes: readonly string[];
}

/** A transcript, in its order. */
export interface Transcript {
  readonly name: string;
  readonly items: readonly (Step | FileBlock | Remark)[];
}

/** Names of all transcripts. */
export function transcriptNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .map((name) => name.slice(0, -4));
}

/** Reads one of the folder. */
export function readTranscript(name: string): Transcript {
  return parseTranscript(name, readFileSync(new URL(`${name}.txt`, folder), "utf8"));
}

/** Reads the text of one. */
export function parseTranscript(name: string, text: string): Transcript {
  const reader = new Reader(text.split("\n").map(expand));
  const items: (Step | FileBlock | Remark)[] = [];
  let notes: string[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    if (line.startsWith("$ ")) {
      items.push(readStep(reader, line.slice(2), items.length, notes));
      notes = [];
    } else if (line === "[file]") {
      items.push({ kind: "file", index: items.length, notes, content: reader.text((next) => next === "") });
      notes = [];
    } else if (line !== "") {
      notes.push(line);
    }
  }
  if (notes.length > 0) items.push({ kind: "remark", notes });
  return { name, items };
}

function readStep(reader: Reader, line: string, index: number, above: readonly string[]): Step {
  const words = splitWords(line);
  const program = words.indexOf("serf");
  if (program < 0) throw new Error(`A command that is not "serf": ${line}`);
  const env = words.slice(0, program).map((word): [string, string] => {
    const equals = word.indexOf("=");
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
  const notes = [...above];
  const streams = { stdout: "", stderr: "" };
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    const [, stream, empty] = /^\[(stdout|stderr)\]( \(empty\))?$/.exec(next) ?? [];
    const [, end] = /^\[(exit [^\]]+)\]/.exec(next) ?? [];
    if (stream === "stdout" || stream === "stderr") {
      if (empty === undefined) streams[stream] = reader.text((after) => /^\[(stderr|exit)\b/.test(after));
    } else if (end !== undefined) {
      return {
        kind: "command",
        index,
        line,
        env: Object.fromEntries(env),
        args: words.slice(program + 1),
        notes,
        ...streams,
        end,
      };
    } else {
      notes.push(next);
    }
  }
  throw new Error(`A command without an end: ${line}`);
}

class Reader {
  readonly #lines: readonly string[];
  #position = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  next(): string | undefined {
    return this.#lines[this.#position++];
  }

  /** Lines until one that ends the block, which stays for the next call. */
  text(ends: (line: string) => boolean): string {
    const lines: string[] = [];
    for (let line = this.next(); line !== undefined; line = this.next()) {
      if (line === "[no newline at end]") return lines.join("\n");
      if (ends(line)) {
        this.#position -= 1;
        break;
      }
      lines.push(line);
    }
    return `${lines.join("\n")}\n`;
  }
}

/** Long runs of one character are written as their length and the character, the character zero as its picture. */
function expand(line: string): string {
  return line
    .replaceAll("␀", "\0")
    .replace(/«(\d+) (.)»/gu, (_all, count: string, character: string) => character.repeat(Number(count)));
}

/** Splits a line as a shell does: blanks, single quotes, backslashes. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let position = 0; position < line.length; position += 1) {
    const character = line[position]!;
    if (character === " ") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'") {
      const close = line.indexOf("'", position + 1);
      word = (word ?? "") + line.slice(position + 1, close);
      position = close;
    } else if (character === "\\") {
      position += 1;
      word = (word ?? "") + (line[position] ?? "");
    } else {
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
