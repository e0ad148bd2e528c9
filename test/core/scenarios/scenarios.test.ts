/** Every scenario prints the output that is in its file. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { Commands } from "./commands.ts";
import { rewrite } from "./script.ts";

const folder = import.meta.dirname;
const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));

describe("scenario", () => {
  it.each(names)("%s prints what is written in its file", (name) => {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    const commands = new Commands();
    const printed = rewrite(text, (lines) => commands.run(lines));
    if (process.env["TSERF_REWRITE"] === "1") writeFileSync(path, printed);
    else expect(printed).toBe(text);
  });
});

describe("the text of a scenario", () => {
  it("is kept, and the output of its commands is placed after them", () => {
    const text = "# A.\n\nadd a\n# B.\nadd b\n----\nold\nlines\n\nrun 1s\n----\nold\n";
    const run = (commands: readonly string[]) => (commands.length === 2 ? ["new"] : []);
    expect(rewrite(text, run)).toBe("# A.\n\nadd a\n# B.\nadd b\n----\nnew\n\nrun 1s\n----\nok\n");
    expect(rewrite("add a\n----\n", run)).toBe("add a\n----\nok\n");
  });

  it("is rejected if the line that ends commands is missing", () => {
    expect(() => rewrite("add a\n", () => [])).toThrow('no ---- after "add a"');
    expect(() => rewrite("add a\n\nadd b\n----\n", () => [])).toThrow('no ---- after "add a"');
  });

  it("is rejected if it has an unknown command", () => {
    const commands = new Commands();
    expect(() => commands.run(["dance a"])).toThrow("dance a: unknown command");
    expect(() => commands.run(["add a colour=red"])).toThrow('unknown option "colour"');
    expect(() => commands.run(["leave z"])).toThrow('there is no node "z"');
    expect(() => commands.run(["run 1"])).toThrow('"1" is no time');
  });
});
