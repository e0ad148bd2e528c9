import { describe, expect, test } from "vitest";
import { type ConfigFiles, readConfigPaths } from "../../../src/agent/config/files.ts";
import { mergeConfig } from "../../../src/agent/config/merge.ts";
import { type AgentConfig, defaultConfig } from "../../../src/agent/config/settings.ts";
import { StartFailure } from "../../../src/agent/start_failure.ts";
import { readConfig } from "../../../src/cli/commands/agent.ts";
import { SystemError } from "../../../src/runtime.ts";

/** A disk: paths to contents. A path that is the start of others is a folder. */
function disk(contents: Record<string, string>): ConfigFiles {
  const children = (path: string): string[] => {
    const prefix = `${path.replace(/^\.\//, "").replace(/\/$/, "")}/`;
    const below = Object.keys(contents).filter((name) => name.startsWith(prefix));
    return [...new Set(below.map((name) => name.slice(prefix.length).split("/")[0]!))].reverse();
  };
  return {
    read: async (path) => {
      const text = contents[path];
      if (text === undefined) throw new SystemError("ENOENT", "read", "missing");
      return new TextEncoder().encode(text);
    },
    list: async (path) => children(path),
    status: async (path) => {
      if (children(path).length > 0) return { kind: "directory", size: 0, mode: 0o755 };
      if (contents[path] === undefined) throw new SystemError("ENOENT", "stat", "missing");
      return { kind: "file", size: contents[path].length, mode: 0o644 };
    },
  };
}

async function read(...contents: string[]): Promise<AgentConfig> {
  const files = disk(Object.fromEntries(contents.map((text, index) => [`${index}.json`, text])));
  return mergeConfig(
    await readConfigPaths(
      contents.map((_text, index) => `${index}.json`),
      files,
    ),
  );
}

async function fault(content: string): Promise<string> {
  return await readConfigPaths(["c.json"], disk({ "c.json": content })).then(
    () => "none",
    (error: unknown) => (error instanceof StartFailure ? error.message : String(error)),
  );
}

const several = "decoding failed due to the following error(s):\n\n";

describe("a configuration file is refused", () => {
  // From the recording config-errors of serf 0.10.2-dev.
  test.each([
    ["", "EOF"],
    ["{", "unexpected EOF"],
    ["[]", `'' expected a map or struct, got "slice"`],
    ['"x"', `'' expected a map or struct, got "string"`],
    ['{"nosuch": 1}', `${several}'' has invalid keys: nosuch`],
    ['{"nosuch": 1, "other": 2}', `${several}'' has invalid keys: nosuch, other`],
    ['{"node_name": 5}', `${several}'node_name' expected type 'string', got unconvertible type 'float64'`],
    ['{"protocol": "4"}', `${several}'protocol' expected type 'int', got unconvertible type 'string'`],
    ['{"tags": {"a": 1}}', `${several}'tags[a]' expected type 'string', got unconvertible type 'float64'`],
    [
      '{"tags": ["a=b"]}',
      `${several}'tags' expected type 'map[string]string', got unconvertible type '[]interface {}'`,
    ],
    [
      '{"event_handlers": "x.sh"}',
      `${several}'event_handlers' source data must be an array or slice, got string`,
    ],
    [
      '{"event_handlers": [1]}',
      `${several}'event_handlers[0]' expected type 'string', got unconvertible type 'float64'`,
    ],
    [
      '{"leave_on_terminate": 1}',
      `${several}'leave_on_terminate' expected type 'bool', got unconvertible type 'float64'`,
    ],
    ['{"mdns": {"nosuch": 1}}', `${several}'mdns' has invalid keys: nosuch`],
  ])("for %s in Serf's words", async (content, text) => {
    expect(await fault(content)).toBe(`Error decoding 'c.json': ${text}`);
  });

  test.each([
    ['{"reconnect_interval": "5"}', `time: missing unit in duration "5" ('reconnect_interval')`],
    ['{"tombstone_timeout": "1d"}', `time: unknown unit "d" in duration "1d" ('tombstone_timeout')`],
    [
      '{"node-name": "a"}',
      `${several}'' has invalid keys: node-name (did you mean 'node_name' instead of 'node-name'?)`,
    ],
    [
      '{"rpc_adr": "a"}',
      `${several}'' has invalid keys: rpc_adr (did you mean 'rpc_addr' instead of 'rpc_adr'?)`,
    ],
    ['{"reconnect_timeout": "-5s"}', `'reconnect_timeout' must not be negative, got "-5s"`],
    ['{"coalesce_period": "-1ms"}', `'coalesce_period' must not be negative, got "-1ms"`],
    ['{"user_event_size_limit": -5}', `'user_event_size_limit' must not be negative, got -5`],
    ['{"query_size_limit": 70000}', `'query_size_limit' must be 1 to 65507 bytes, got 70000`],
    [
      '{"allowed_cidrs": ["10.0.0.0/8", "x"]}',
      `'allowed_cidrs' must be blocks such as 10.0.0.0/8, got ["10.0.0.0/8","x"]`,
    ],
    ...[
      ["retry_max", "retry_max_attempts"],
      ["join", "start_join"],
      ["iface", "interface"],
      ["mdns-disable-ipv4", "mdns.disable_ipv4"],
      ["tag", "tags"],
    ].map(([word, key]): [string, string] => [
      `{"${word}": 1}`,
      `${several}'' has invalid keys: ${word} (did you mean '${key}' instead of '${word}'?)`,
    ]),
  ])("for %s, with a hint at the key that was probably meant", async (content, text) => {
    expect(await fault(content)).toBe(`Error decoding 'c.json': ${text}`);
  });

  test("if it does not exist", async () => {
    await expect(readConfigPaths(["x.json"], disk({}))).rejects.toThrow(
      "Error reading 'x.json': open x.json: no such file or directory",
    );
  });
});

describe("settings of files", () => {
  test("have defaults that null, empty and unused keys do not change", async () => {
    const unused =
      '{"disable_coordinates":true,"enable_compression":false,"discover":"","enable_syslog":false,"syslog_facility":"",' +
      '"statsite_addr":"","MsgpackUseNewTimeFormat":true,"mdns":{"disable_ipv4":false},"node_name":null,"protocol":0,' +
      '"query_size_limit":0,"retry_interval":"0s","bind":""}';
    for (const content of ["null", "{}", unused]) expect(await read(content)).toEqual(defaultConfig);
  });

  test("can turn on syslog and telemetry", async () => {
    const content =
      '{"enable_syslog":true,"syslog_facility":"local3","statsd_addr":"a:1","statsite_addr":"b:2"}';
    expect(await read(content)).toEqual({
      ...defaultConfig,
      syslog: true,
      syslogFacility: "local3",
      statsdAddr: "a:1",
      statsiteAddr: "b:2",
    });
  });

  test("match keys in any case, truncate fractions, and ignore what follows the object", async () => {
    expect(
      await read('{"NODE_NAME":"a","Log_Level":"debug","protocol":4.7} {"node_name":"b"}'),
    ).toMatchObject({
      nodeName: "a",
      logLevel: "debug",
      protocol: 4,
    });
  });

  test("merge with earlier files: strings replace, true stays true, lists append, tags merge", async () => {
    const merged = await read(
      '{"node_name":"a","tags":{"x":"a","y":"a"},"event_handlers":["./a.sh"],"leave_on_terminate":true,"retry_max_attempts":3}',
      '{"node_name":"","tags":{"y":"b","z":null},"event_handlers":["./b.sh"],"leave_on_terminate":false,"retry_max_attempts":0}',
    );
    expect(merged).toMatchObject({
      nodeName: "a",
      eventHandlers: ["./a.sh", "./b.sh"],
      leaveOnTerminate: true,
      retryMaxAttempts: 3,
    });
    expect(merged.tags).toEqual(
      new Map([
        ["x", "a"],
        ["y", "b"],
        ["z", ""],
      ]),
    );
  });

  test("that Go's agent lacks can be switched off again", async () => {
    const merged = await read(
      '{"verify_incoming":false,"coalesce_period":"0s","dead_node_reclaim_time":"30s"}',
      '{"verify_incoming":true,"dead_node_reclaim_time":"0s","log_format":"json","label":"l","allowed_cidrs":["10.0.0.0/8"]}',
    );
    expect(merged).toMatchObject({ verifyIncoming: true, coalescePeriod: 0, deadNodeReclaimTime: 0 });
    expect(merged).toMatchObject({ logFormat: "json", label: "l", allowedCidrs: ["10.0.0.0/8"] });
  });

  test("come from a folder's .json files in byte order, not from its subfolders", async () => {
    const files = disk({
      "d/9.json": '{"event_handlers":["9"]}',
      "d/10.json": '{"event_handlers":["10"]}',
      "d/.h.json": '{"event_handlers":["h"]}',
      "d/x.conf": "bogus",
      "d/sub.json/y.json": "bogus",
      "one.json": '{"event_handlers":["one"]}',
    });
    const flags = ["-config-file=one.json", "-config-dir=./d/", "-event-handler=flag"];
    expect((await readConfig(flags, files)).eventHandlers).toEqual(["one", "h", "10", "9", "flag"]);
    expect((await readConfig(["-config-dir=d"], files)).eventHandlers).toEqual(["h", "10", "9"]);
  });
});

describe("flags win over files", () => {
  const files = disk({
    "c.json":
      '{"node_name":"file","tags":{"x":"1","role":"old"},"verify_outgoing":false,"log_format":"json","retry_interval":"5s"}',
  });
  const config = async (...flags: string[]): Promise<AgentConfig> =>
    await readConfig(["-config-file=c.json", ...flags], files);

  test("unless they are empty", async () => {
    expect(await config("-node=", "-log-format=", "-retry-interval=")).toMatchObject({
      nodeName: "file",
      logFormat: "json",
      retryInterval: 5000,
      verifyOutgoing: false,
    });
  });

  test("and an old role setting overrides the tag role", async () => {
    const merged = await config("-node=flag", "-tag", "x=2", "-role=new", "-verify-outgoing");
    expect(merged).toMatchObject({ nodeName: "flag", verifyOutgoing: true, role: "new" });
    expect(merged.tags).toEqual(
      new Map([
        ["x", "2"],
        ["role", "new"],
      ]),
    );
  });

  test("and a bad duration is reported with its flag", async () => {
    await expect(config("-coalesce-period=5")).rejects.toThrow(
      'Error: time: missing unit in duration "5" (-coalesce-period)',
    );
  });
});
