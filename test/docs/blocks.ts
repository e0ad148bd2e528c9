/**
 * The blocks of code in documents. What stands behind the language, on the line that opens a block, is for the tests; GitHub does not show it:
 *
 * - `sh` is typed into the page's terminal, or into that of `terminal=NAME`, and must end well, or with the code of `exit=CODE`;
 * - `ends=CODE` is the code that Ctrl-C ends it with, which is 0 otherwise;
 * - `file=NAME` makes the block a file of the page's folder, whatever its language;
 * - any other block is what the `sh` block above it prints, or what `of=NAME` prints, in another terminal;
 * - `needs=THING,THING` skips it where `test/machine` finds that one is missing.
 */

import { read } from "../tidy/sources.ts";

/** A block of code. */
export interface Block {
  /** The document, from the root of the repository. */
  readonly page: string;
  /** The line of its first fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** The options behind the language. */
  readonly options: Readonly<Record<string, string>>;
  /** Without the fences. */
  readonly text: string;
}

/** Names of options that a block may have. */
const optionNames: readonly string[] = ["terminal", "exit", "ends", "file", "of", "needs"];

/**
 * Returns the blocks of a document in its order, all of them or those in one language.
 *
 * @throws Error if a block has no language, an unknown option, or no end.
 */
export function pageBlocks(page: string, language?: string, text: string = read(page)): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; line: number; info: string; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (open === undefined) {
      const [, fence, info = ""] = /^\s*(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
      if (fence !== undefined) open = { fence, line: index + 1, info: info.trim(), lines: [] };
    } else if (line.trim() === open.fence) {
      blocks.push(blockOf(page, open.line, open.info, open.lines));
      open = undefined;
    } else open.lines.push(line);
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: this block has no end`);
  return blocks.filter((block) => language === undefined || block.language === language);
}

function blockOf(page: string, line: number, info: string, lines: readonly string[]): Block {
  const [language = "", ...words] = info.split(/\s+/);
  const options = Object.fromEntries(words.map((word) => word.split("=", 2) as [string, string?]));
  for (const [name, value] of Object.entries(options))
    if (!optionNames.includes(name) || !value) throw new Error(`${page}:${line}: unknown option "${name}"`);
  if (language === "") throw new Error(`${page}:${line}: this block has no language`);
  return {
    page,
    line,
    language,
    options: options as Record<string, string>,
    text: lines.map((each) => `${each}\n`).join(""),
  };
}
