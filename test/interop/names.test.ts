/**
 * Seeds by name: a service in DNS, and a name whose address changes while an agent tries to join.
 * Our agents on every runtime join Serf's, on a network with its own name server.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, type Kind, ours, serfs, stopAll, until } from "./agents.ts";
import { Wire } from "./networks.ts";

const folder = mkdtempSync(join(tmpdir(), "tserf-names-"));
const zoneFile = join(folder, "zone.json");
const host = (index: number): string => `10.78.0.${index}`;
const service = "_serf._tcp.cluster.test";

type Zone = Record<string, { type: "A" | "SRV"; data: unknown }[]>;

/** Replaces the zone in one step, so that no question reads half of it. */
function setZone(zone: Zone): void {
  writeFileSync(`${zoneFile}.new`, JSON.stringify(zone));
  renameSync(`${zoneFile}.new`, zoneFile);
}

const target = (name: string, port: number, priority: number): Zone[string][number] => ({
  type: "SRV",
  data: { priority, weight: 1, port, target: name },
});

describe.skipIf(lacks("networks"))("seeds by name", () => {
  let wire: Wire;
  let server: ChildProcess;

  beforeAll(async () => {
    wire = Wire.lay("names", [1, 2, 3, 4].map(host), [5].map(host));
    wire.nameServer(host(1));
    setZone({});
    const [program, ...before] = wire.left;
    const script = fileURLToPath(new URL("name_server.mjs", import.meta.url));
    server = spawn(program!, [...before, "node", script, host(1), zoneFile]);
    let output = "";
    for (const stream of [server.stdout, server.stderr]) stream?.on("data", (chunk) => (output += chunk));
    await until("the name server", () => output.includes("ready")).catch((error: Error) => {
      throw new Error(`${error.message}\n${output}`);
    });
  });
  afterEach(stopAll);
  afterAll(() => {
    server.kill();
    wire.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const other: Kind = installed(serfs).at(-1) ?? "node";

  describe.each(installed(ours))("on %s", (kind) => {
    it("are resolved again at every attempt, services and hosts", { timeout: 60_000 }, async () => {
      setZone({ "seed.cluster.test": [{ type: "A", data: host(9) }] });
      const there = await Agent.startInside(wire.left, other, "there", host(2));
      const retry = ["-retry-interval=1s", "-profile=local"];
      const byService = await Agent.startInside(
        wire.left,
        kind,
        "a",
        host(3),
        ...retry,
        `-retry-join=${service}`,
      );
      const byName = await Agent.startInside(
        wire.left,
        kind,
        "b",
        host(4),
        ...retry,
        "-retry-join=seed.cluster.test:17946",
      );
      const agents = [there, byService, byName];
      await until("both have failed", () =>
        [byService, byName].every((agent) => agent.log.includes("retrying in 1s")),
      );
      expect(byService.log).toContain(`failed to resolve ${service}: lookup ${service}: no such host`);
      expect(byName.log).toMatch(/failed to join 10\.78\.0\.9:17946/);
      setZone({
        "seed.cluster.test": [{ type: "A", data: host(2) }],
        "there.cluster.test": [{ type: "A", data: host(2) }],
        // The first choice is down, and one target has no address.
        [service]: [
          target("there.cluster.test", 17_946, 20),
          target("seed.cluster.test", 9, 10),
          target("gone.cluster.test", 1, 5),
        ],
      });
      await converged(agents, { there: "alive", a: "alive", b: "alive" }, 20_000);
      expect(byService.log).toContain("Join completed. Synced with 1 initial agents");
    });
  });
});
