import { describe, expect, it } from "vitest";
import { parseTranscript, splitWords } from "./transcript.ts";

describe("a transcript", () => {
  it("has commands with their outcome, files, and remarks", () => {
    const text = `# title
# the first
$ NAME=value serf event -x 'a b' 'it'\\''s' «81 y»
# (sent SIGINT after 60 ms)
[stdout]
out
 more
[no newline at end]
[stderr] (empty)
[exit 3] (took 0.1 s)

# file f:
[file]
{
}

$ serf agent
[stdout] (empty)
[stderr]
nul ␀
[exit signal SIGKILL]
last words
`;
    const { items } = parseTranscript("t", text);
    expect(items).toEqual([
      {
        kind: "command",
        index: 0,
        line: `NAME=value serf event -x 'a b' 'it'\\''s' ${"y".repeat(81)}`,
        env: { NAME: "value" },
        args: ["event", "-x", "a b", "it's", "y".repeat(81)],
        notes: ["# title", "# the first", "# (sent SIGINT after 60 ms)"],
        stdout: "out\n more",
        stderr: "",
        end: "exit 3",
      },
      { kind: "file", index: 1, notes: ["# file f:"], content: "{\n}\n" },
      {
        kind: "command",
        index: 2,
        line: "serf agent",
        env: {},
        args: ["agent"],
        notes: [],
        stdout: "",
        stderr: "nul \0\n",
        end: "exit signal SIGKILL",
      },
      { kind: "remark", notes: ["last words"] },
    ]);
  });

  it("is rejected if a command has no end, or is another program's", () => {
    expect(() => parseTranscript("t", "$ serf x\n[stdout] (empty)\n")).toThrow("without an end: serf x");
    expect(() => parseTranscript("t", "$ ls\n[exit 0]\n")).toThrow('not "serf": ls');
  });

  it("quotes as a shell does", () => {
    expect(splitWords(`a '' 'b c'd "e" f\\ g `)).toEqual(["a", "", "b cd", '"e"', "f g"]);
  });
});
