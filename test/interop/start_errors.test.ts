/**
 * Agents that cannot start: ours prints what Serf prints, on the same stream, with the same exit
 * code.
 */

import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { installed, type Kind, type Outcome, ours, run } from "./agents.ts";

const serf: Kind = "serf-0.10";
const host = `127.${60 + (process.pid % 100)}.9.1`;
const here = [`-bind=${host}:17946`, `-rpc-addr=${host}:17373`, "-node=n"];

/**
 * Help has its own wording in each program; messages of memberlist 0.5.2 begin with a capital where
 * newer ones do not.
 */
function normal({ stdout, stderr, code }: Outcome): Outcome {
  const help = stdout.search(/^(==> )?Usage:/m);
  const text = (help < 0 ? stdout : stdout.slice(0, help))
    .replace(/Could not set up/g, "could not set up")
    .replace(/Failed to (obtain|start (?:TCP|UDP)|join|resolve)/g, "failed to $1");
  return { stdout: text, stderr, code };
}

describe.skipIf(lacks("loopback", serf)).each(installed(ours))("an agent on %s that cannot start", (kind) => {
  it.each([
    ["an unknown flag", ["-bogus"]],
    ["a flag without its value", ["-node"]],
    ["a bad number", ["-protocol=x"]],
    ["a bad boolean", ["-replay=maybe"]],
    ["a tag without a value", [...here, "-tag", "novalue"]],
    ["a bad duration", [...here, "-retry-interval=5"]],
    ["a bad log level", [...here, "-log-level=bogus"]],
    ["an unknown profile", [...here, "-profile=moon"]],
    ["a key that is no base64", [...here, "-encrypt=!"]],
    ["a key of a wrong size", [...here, "-encrypt=AAAA"]],
    ["a protocol that is too high", [...here, "-protocol=6"]],
    ["a protocol that is too low", [...here, "-protocol=1"]],
    ["tags that are too long", [...here, "-tag", `a=${"x".repeat(600)}`]],
    ["an interface that is not there", [...here, "-iface=nope0"]],
    ["a bare IPv6 bind address", ["-bind=::1", `-rpc-addr=${host}:17373`]],
    ["a keyring file that is not there", [...here, "-keyring-file=/nonexistent/ring"]],
    [
      "a key and a keyring",
      [...here, "-encrypt=AAECAwQFBgcICQoLDA0ODw==", "-keyring-file=/nonexistent/ring"],
    ],
    ["a seed that nobody answers", [...here, `-join=${host}:17999`]],
    ["a seed that has no address", [...here, "-join=host:notaport"]],
  ])("because of %s prints what Serf prints", { timeout: 30_000 }, async (_what, flags) => {
    const expected = normal(await run(serf, "agent", ...flags));
    expect(normal(await run(kind, "agent", ...flags))).toEqual(expected);
    expect(expected.code).toBe(1);
  });

  it.each([
    ["gossip", 17946],
    ["RPC", 17373],
  ])("because its %s port is in use prints what Serf prints", { timeout: 30_000 }, async (_what, port) => {
    const server = createServer().listen(port, host);
    try {
      const expected = normal(await run(serf, "agent", ...here));
      expect(expected.stdout).toContain("address already in use");
      expect(normal(await run(kind, "agent", ...here))).toEqual(expected);
      expect(expected.code).toBe(1);
    } finally {
      server.close();
    }
  });
});
