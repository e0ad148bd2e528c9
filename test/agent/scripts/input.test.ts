import { describe, expect, test } from "vitest";
import { scriptEnvironment, scriptInput } from "../../../src/agent/scripts/input.ts";
import type { SerfEvent } from "../../../src/core/serf/api.ts";
import { member } from "../fakes.ts";

const user = (payload: string): SerfEvent => ({
  type: "user",
  name: "odd name:=,é",
  payload: new TextEncoder().encode(payload),
  lamportTime: 2n ** 64n - 1n,
  coalesce: false,
});

describe("a script's environment", () => {
  // From the recording event-handlers of serf 0.10.2-dev.
  test("names the event, the node and its tags", () => {
    const tags = { role: "web", "my-Tag.x": "v 1", ünï: "u", "1st": "digit", tab: "a\tb\nc" };
    expect(scriptEnvironment(user(""), member("self node", "127.0.0.61", tags))).toEqual({
      SERF_EVENT: "user",
      SERF_SELF_NAME: "self node",
      SERF_SELF_ROLE: "web",
      SERF_TAG_1ST: "digit",
      SERF_TAG_MY_TAG_X: "v 1",
      SERF_TAG_ROLE: "web",
      SERF_TAG_TAB: "a\tb\nc",
      SERF_TAG__N_: "u",
      SERF_USER_EVENT: "odd name:=,é",
      SERF_USER_LTIME: "18446744073709551615",
    });
  });

  test("has one variable for tags that collide, and one underscore for a character of any size", () => {
    const tags = { "a-b": "dash", a_b: "line", "\u{1f600}": "smile", straße: "s", __proto__x: "p" };
    expect(scriptEnvironment({ type: "member-join", members: [] }, member("n", "::1", tags))).toEqual({
      SERF_EVENT: "member-join",
      SERF_SELF_NAME: "n",
      SERF_SELF_ROLE: "",
      SERF_TAG_A_B: "line",
      SERF_TAG__: "smile",
      SERF_TAG_STRA_E: "s",
      SERF_TAG___PROTO__X: "p",
    });
  });
});

describe("a script's input", () => {
  const text = (event: SerfEvent): string => new TextDecoder().decode(scriptInput(event));

  test.each([
    ["", ""],
    ["hello world", "hello world\n"],
    ["line1\nline2\n", "line1\nline2\n"],
  ])("is the payload %j with a line feed at its end: %j", (payload, input) => {
    expect(text(user(payload))).toBe(input);
  });

  test("is a line for each member, with tabs and line feeds escaped and backslashes not", () => {
    const members = [
      member("other", "127.0.0.62", { role: "r\t1", k: "v,w", n: "a\nb\\t" }),
      member("third", "::1"),
    ];
    expect(text({ type: "member-join", members })).toBe(
      "other\t127.0.0.62\tr\\t1\tk=v,w,n=a\\nb\\t,role=r\\t1\nthird\t::1\t\t\n",
    );
  });
});
