import { describe, expect, test } from "vitest";
import { FlagError, parseArguments, parseTags, TagError } from "../../src/cli/arguments.ts";

const specs = {
  text: { kind: "text", initial: "t" },
  flag: { kind: "boolean", initial: false },
  on: { kind: "boolean", initial: true },
  count: { kind: "integer", initial: 3 },
  wait: { kind: "duration", initial: 5n },
  list: { kind: "list" },
} as const;

const initial = { text: "t", flag: false, on: true, count: 3, wait: 5n, list: [] };

describe("flags are read as Go reads them", () => {
  test.each<[string[], object, string[]]>([
    [[], {}, []],
    [["-text", "a", "rest", "-flag"], { text: "a" }, ["rest", "-flag"]],
    [["--text=a=b", "-text="], { text: "" }, []],
    [["-flag", "false"], { flag: true }, ["false"]],
    [["-on=F", "-flag=TRUE"], { on: false, flag: true }, []],
    [["-count=0x10", "-wait", "1m30s"], { count: 16, wait: 90_000_000_000n }, []],
    [["-count=-010"], { count: -8 }, []],
    [["-count", "1_000"], { count: 1000 }, []],
    [["-list=a", "-list", "-b"], { list: ["a", "-b"] }, []],
    [["-", "-flag"], {}, ["-", "-flag"]],
    [["-flag", "--", "-on=F"], { flag: true }, ["-on=F"]],
  ])("%j", (args, changes, rest) => {
    expect(parseArguments(specs, args)).toMatchObject({ flags: { ...initial, ...changes }, rest });
  });

  test.each([
    [["-nosuch"], "flag provided but not defined: -nosuch"],
    [["--constructor=1"], "flag provided but not defined: -constructor"],
    [["-text"], "flag needs an argument: -text"],
    [["-flag=maybe"], 'invalid boolean value "maybe" for -flag: parse error'],
    [["-count=x"], 'invalid value "x" for flag -count: parse error'],
    [
      ["-count=99999999999999999999"],
      'invalid value "99999999999999999999" for flag -count: value out of range',
    ],
    [["-wait=5"], 'invalid value "5" for flag -wait: parse error'],
    [["---x"], "bad flag syntax: ---x"],
    [["-=x"], "bad flag syntax: -=x"],
  ])("%j is refused", (args, message) => {
    expect(() => parseArguments(specs, args)).toThrow(new FlagError(message));
  });
});

test("tags split at the first = and need a key", () => {
  expect(parseTags(["a=1", "b=x=y", "a=2", "c="])).toEqual(
    new Map([
      ["a", "2"],
      ["b", "x=y"],
      ["c", ""],
    ]),
  );
  expect(() => parseTags(["bad"])).toThrow(new TagError("bad"));
  expect(() => parseTags(["=v"])).toThrow("Invalid tag: '=v'");
});
