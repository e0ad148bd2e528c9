import { describe, expect, test } from "vitest";
import { listScripts, parseHandlers } from "../../../src/agent/scripts/handlers.ts";
import { StartFailure } from "../../../src/agent/start_failure.ts";

const parsed = (...handlers: string[]): string[] =>
  parseHandlers(handlers).map(({ filter, script }) => `${filter.event}:${filter.name}=${script}`);

describe("an event handler", () => {
  test.each([
    ["./x.sh", ["*:=./x.sh"]],
    ["*=FOO=1 ./x.sh", ["*:=FOO=1 ./x.sh"]],
    ["=./x.sh", ["*:=./x.sh"]],
    ["", ["*:="]],
    ["user:=x", ["user:=x"]],
    ["user:deploy=x", ["user:deploy=x"]],
    ["member-join,query:load=x", ["member-join:=x", "query:load=x"]],
    ["user:a:b=x", ["user:a:b=x"]],
  ])("%s is split at its first =", (text, wanted) => {
    expect(parsed(text)).toEqual(wanted);
  });

  test.each([
    ["bogus=x.sh", "Invalid event script: Event 'bogus' invoking 'x.sh'"],
    ["FOO=1 ./x.sh", "Invalid event script: Event 'FOO' invoking '1 ./x.sh'"],
    ["user:a,b=x", "Invalid event script: Event 'b' invoking 'x'"],
    ["user, query=x", "Invalid event script: Event ' query' invoking 'x'"],
    ["Member-Join=x", "Invalid event script: Event 'Member-Join' invoking 'x'"],
  ])("%s is refused", (text, message) => {
    expect(() => parsed("user=fine", text)).toThrow(new StartFailure(message));
  });

  test("is shown by its filter, the last of equal ones", () => {
    const scripts = parseHandlers(["./a.sh", "user:x=b", "./c.sh"]);
    expect(listScripts(scripts)).toEqual(
      new Map([
        ["*:", "./c.sh"],
        ["user:x", "b"],
      ]),
    );
  });
});
