import { describe, expect, test } from "vitest";
import { decodeConfig } from "../../../src/agent/config/decode.ts";
import { mergeLayers } from "../../../src/agent/config/merge.ts";
import { settings } from "../../../src/agent/config/settings.ts";
import { defaultsOf, type Setting, type SettingTable } from "../../../src/agent/config/table.ts";
import { agentFlags, flagLayer, flagsHelp } from "../../../src/cli/agent_flags.ts";
import { parseArguments } from "../../../src/cli/arguments.ts";
import { readJson } from "../../../src/go/json_reader.ts";

/** The real table and one row more. */
const table = {
  ...settings,
  napTime: {
    kind: "duration",
    initial: 1500,
    key: "nap_time",
    flag: "nap-time",
    sample: "=1.5s",
    help: "How long to sleep after lunch.",
    ours: true,
  },
} as const satisfies SettingTable;

const file = (text: string) => decodeConfig(readJson(new TextEncoder().encode(text)), table);
const flags = (...args: string[]) => flagLayer(parseArguments(agentFlags(table), args), table);

describe("a new row of the table is all that a new setting needs for", () => {
  test("its default", () => {
    expect(defaultsOf(table)).toEqual({ ...defaultsOf(settings), napTime: 1500 });
  });

  test("its key in configuration files, with errors and hints", () => {
    expect(file('{"nap_time":"2s"}')).toEqual({ napTime: 2000 });
    expect(() => file('{"nap_time":"2"}')).toThrow("time: missing unit in duration \"2\" ('nap_time')");
    expect(() => file('{"nap_time":2}')).toThrow(
      "'nap_time' expected type 'string', got unconvertible type 'float64'",
    );
    expect(() => file('{"nap_tme":"2s"}')).toThrow("(did you mean 'nap_time' instead of 'nap_tme'?)");
  });

  test("its flag, with errors", () => {
    expect(flags("-nap-time=3s")).toEqual({ napTime: 3000 });
    expect(() => flags("-nap-time=3")).toThrow('Error: time: missing unit in duration "3" (-nap-time)');
    expect(() => flags("-coalesce-period=-5s")).toThrow(
      'Error: -coalesce-period must not be negative, got "-5s"',
    );
    expect(() => flags("-crash-hold-time=0.2s")).toThrow(
      'Error: -crash-hold-time must be 0 or at least 300ms, got "0.2s"',
    );
    expect(flags("-crash-hold-time=0s")).toEqual({ crashHoldTime: 0 });
    expect(() => flags("-allowed-cidrs=x")).toThrow("-allowed-cidrs must be blocks such as 10.0.0.0/8");
    expect(() => flags("-nap-tme=3s")).toThrow("flag provided but not defined: -nap-tme");
  });

  test("merging", () => {
    const merged = (...layers: Parameters<typeof mergeLayers<typeof table>>[0]) =>
      mergeLayers(layers, table).napTime;
    expect(merged()).toBe(1500);
    expect(merged(file('{"nap_time":"2s"}'), file('{"nap_time":"0s"}'))).toBe(2000);
    expect(merged(file('{"nap_time":"2s"}'), flags("-nap-time=3s"))).toBe(3000);
  });

  test("its help", () => {
    expect(flagsHelp(table)).toBe(
      `${flagsHelp(settings)}\n  -nap-time=1.5s           How long to sleep after lunch.`,
    );
  });
});

describe("the table", () => {
  const rows: SettingTable = settings;

  test("has every key and every flag once", () => {
    const keys = Object.values(rows).flatMap(({ key }) => key ?? []);
    const names = Object.values(rows).flatMap(({ flag, alias }) => [flag ?? [], alias?.flag ?? []].flat());
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(names).size).toBe(names.length);
  });

  test("has a flag or a key for every setting, and a text of its own or one that it shares", () => {
    for (const [name, { key, flag, help, sample }] of Object.entries(rows)) {
      expect(key ?? flag, name).toBeDefined();
      if (help === undefined) expect(sample, name).toBeDefined();
    }
  });

  test("has no field that rows do not have", () => {
    const known: Readonly<Record<keyof Setting, true>> = {
      kind: true,
      initial: true,
      key: true,
      flag: true,
      sample: true,
      help: true,
      negated: true,
      alias: true,
      reload: true,
      refuse: true,
      ours: true,
    };
    const seen = new Set(Object.values(rows).flatMap((row) => Object.keys(row)));
    expect([...seen].filter((field) => !Object.hasOwn(known, field))).toEqual([]);
  });

  test("tells a part of a millisecond", () => {
    expect(flags("-retry-interval=1.0005s")).toEqual({ retryInterval: 1000.5 });
  });
});
