/**
 * A scenario as text: comments, command lines, a line `----`, and what the commands print, up to the next empty line.
 */

/** Commands that print together. */
interface Block {
  readonly commands: readonly string[];
}

const separator = "----";

/**
 * Runs all commands of a scenario and returns its text with the output that they have now. `run`
 * returns the lines of some commands.
 */
export function rewrite(text: string, run: (commands: readonly string[]) => readonly string[]): string {
  const written: string[] = [];
  for (const part of parse(text)) {
    if (typeof part === "string") {
      written.push(part);
      continue;
    }
    const printed = run(part.commands.filter((line) => !line.startsWith("#")));
    written.push(...part.commands, separator, ...(printed.length === 0 ? ["ok"] : printed));
  }
  return `${written.join("\n").trimEnd()}\n`;
}

/** Blocks, and the lines between them. Throws if commands have no separator. */
function parse(text: string): (string | Block)[] {
  const parts: (string | Block)[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (line === "" || line.startsWith("#")) {
      parts.push(line);
      continue;
    }
    const end = lines.indexOf(separator, at);
    const commands = lines.slice(at, end);
    if (end < 0 || commands.includes("")) throw new Error(`no ${separator} after "${line}"`);
    parts.push({ commands });
    const empty = lines.indexOf("", end);
    at = (empty < 0 ? lines.length : empty) - 1;
  }
  return parts;
}
