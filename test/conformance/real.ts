/** The suite for a runtime on a real system: this machine is both hosts, over its loopback. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address, Runtime } from "../../src/runtime.ts";
import { command, lacks, pathOf } from "../machine/here.ts";
import type { RuntimeName } from "../runtimes/binaries.ts";
import { datagrams, dualStackDatagrams } from "./datagrams.ts";
import { files } from "./files.ts";
import { localStreams } from "./local_streams.ts";
import { otherPeers } from "./other_peers.ts";
import { reservedDatagrams } from "./reserved_datagrams.ts";
import { dualStackStreams, streams } from "./streams.ts";
import type { OpenSubject } from "./suite.ts";
import { clockAndRandom, host, processes, terminal } from "./system.ts";

const loopbacks: readonly string[] = lacks("ipv6") ? ["127.0.0.1"] : ["127.0.0.1", "::1"];

/** Opens this machine with a temporary directory. */
export function openMachine(runtime: Runtime): OpenSubject {
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), "tserf-conformance-"));
    const closing: (() => void)[] = [];
    return {
      runtime,
      peer: runtime,
      routes: loopbacks.map((host) => ({ host, peerHost: host })),
      directory,
      silentEndpoint: () => silentEndpoint(closing),
      drive: (body) => body(),
      close: async () => {
        for (const close of closing) close();
        await rm(directory, { recursive: true });
      },
    };
  };
}

/** Declares every part; `file` is {@link terminal}'s program, started on the runtime `name`. */
export function conformance(runtime: Runtime, name: RuntimeName, file: string): void {
  const open = openMachine(runtime);
  datagrams(open);
  dualStackDatagrams(open);
  reservedDatagrams(open, name !== "deno" && process.platform === "linux");
  streams(open);
  dualStackStreams(open);
  otherPeers(open);
  localStreams(open);
  files(open);
  clockAndRandom(open);
  processes(open);
  terminal(open, lacks(name) ? undefined : command(name, file));
  host(open);
}

/**
 * A listener with a tiny backlog in a process that never accepts, and connections that fill it, so
 * that further ones get no reply.
 */
async function silentEndpoint(closing: (() => void)[]): Promise<Address> {
  const script = `
    const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
      process.exit();
    });`;
  const child = spawn(pathOf("node"), ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  closing.push(() => child.kill("SIGKILL"));
  const port = await new Promise<number>((resolve) => {
    child.stdout.once("data", (chunk: Uint8Array) => resolve(Number(new TextDecoder().decode(chunk))));
  });
  for (let index = 0; index < 4; index += 1) {
    const filler = connect({ port, host: "127.0.0.1" });
    filler.on("error", () => {});
    closing.push(() => filler.destroy());
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { host: "127.0.0.1", port };
}
