/** The image, the compose file and the manifests: the agents and probes they name are started here, without containers. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../interop/agents.ts";
import { lacks, pathOf } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";
import { compileBun, type RunningAgent, startAgent } from "./compiled.ts";

const execute = promisify(execFile);

interface Container {
  readonly args: readonly string[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}
interface Probe {
  readonly exec: { readonly command: readonly string[] };
}

describe.skipIf(lacks("bun", "loopback"))("without containers", { timeout: 60_000 }, () => {
  let folder: string;
  const agents: RunningAgent[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tserf-containers-"));
    // The name that is on the search path in a container.
    await symlink(await compileBun(folder), join(folder, "serf"));
  }, 120_000);

  afterAll(async () => {
    for (const agent of agents) agent.kill();
    await rm(folder, { recursive: true, force: true });
  });

  /** Reads a file of YAML, with Bun. */
  async function yaml<T>(name: string): Promise<T> {
    const program = "console.log(JSON.stringify(Bun.YAML.parse(await Bun.file(process.argv[1]).text())))";
    const { stdout } = await execute(pathOf("bun"), ["-e", program, join(root, "deploy", name)]);
    return JSON.parse(stdout) as T;
  }

  /** Starts the agent of a container, at an address of its own, with RPC there. */
  async function start(
    args: readonly string[],
    host: string,
    names: Readonly<Record<string, string>>,
  ): Promise<void> {
    const own = args.map((arg) =>
      arg
        .replace("0.0.0.0:7946", `${host}:17946`)
        .replace(/\$\((\w+)\):7946/, (_, name: string) => `${names[name]}:17946`)
        .replace(/\$\((\w+)\)/, (_, name: string) => names[name]!)
        .replace(/=(serf-\d\.serf|first):7946/, (_, name: string) => `=${names[name]}:17946`)
        .replace("/var/lib/serf", folder),
    );
    agents.push(await startAgent(join(folder, "serf"), [...own, `-rpc-addr=${host}:17373`]));
  }

  /** Runs a probe; returns its exit code. */
  async function probe(
    { exec: { command } }: Probe,
    host: string,
    env: Readonly<Record<string, string>>,
  ): Promise<number> {
    const [program, ...args] = command;
    const environment = { ...env, SERF_RPC_ADDR: `${host}:17373`, PATH: `${folder}:${process.env["PATH"]}` };
    return await execute(program!, args, { env: environment }).then(
      () => 0,
      ({ code }: { code: number }) => code,
    );
  }

  it("the manifests make a cluster whose probes succeed, and fail without an agent", async () => {
    const documents = await yaml<readonly { kind: string; spec: Record<string, never> }[]>("kubernetes.yaml");
    expect(documents.map(({ kind }) => kind)).toEqual(["Service", "PodDisruptionBudget", "StatefulSet"]);
    const set = documents[2]!.spec as unknown as {
      serviceName: string;
      template: { spec: { containers: readonly Container[] } };
    };
    expect(set.serviceName).toBe("serf");
    const { args, startupProbe, livenessProbe, readinessProbe } = set.template.spec.containers[0]!;
    const hosts = ["127.0.0.88", "127.0.0.89"];
    const names = { "serf-0.serf": hosts[0]!, "serf-1.serf": hosts[1]! };
    const env = { POD_NAME: "serf-0" };
    const probes = [startupProbe, livenessProbe, readinessProbe];
    const codes = async () => await Promise.all(probes.map((each) => probe(each, hosts[0]!, env)));
    expect((await codes()).every((code) => code !== 0)).toBe(true);
    for (const [index, host] of hosts.entries())
      await start(
        args.map((arg) => arg.replace("serf/snapshot", `serf/snapshot${index}`)),
        host,
        {
          ...names,
          POD_NAME: `serf-${index}`,
          POD_IP: host,
        },
      );
    expect(await codes()).toEqual([0, 0, 0]);
    expect(await probe(readinessProbe, hosts[0]!, { POD_NAME: "serf-9" })).not.toBe(0);
    await until("both are members", async () => (await members(hosts[0]!)).length === 2);
  });

  it("the compose file's agents find each other", async () => {
    type Service = { command: readonly string[]; build?: { dockerfile: string } };
    const { services } = await yaml<{ services: Record<"first" | "member", Service> }>("compose.yaml");
    expect(services.first.build?.dockerfile).toBe("deploy/Containerfile");
    const names = { first: "127.0.0.90" };
    await start(services.first.command, "127.0.0.90", names);
    await start([...services.member.command, "-node=member"], "127.0.0.91", names);
    await until("both are members", async () => (await members("127.0.0.90")).length === 2);
  });

  it("the image's own command is an agent", async () => {
    const text = await readFile(join(root, "deploy/Containerfile"), "utf8");
    const [, command] = /^CMD (\[.*\])$/m.exec(text)!;
    await start([...(JSON.parse(command!) as string[]), "-node=image"], "127.0.0.92", {});
    const [, check] = /^HEALTHCHECK .*CMD (\[.*\])$/m.exec(text)!;
    const health = { exec: { command: JSON.parse(check!) as string[] } };
    expect(await probe(health, "127.0.0.92", {})).toBe(0);
  });

  async function members(host: string): Promise<string[]> {
    const args = ["members", "-status=alive", `-rpc-addr=${host}:17373`];
    const { stdout } = await execute(join(folder, "serf"), args);
    return stdout.trim().split("\n");
  }
});

describe.skipIf(lacks("kubectl"))("kubectl", () => {
  it("knows each manifest", async () => {
    const args = ["label", "--local", "-f", join(root, "deploy/kubernetes.yaml"), "a=b", "-o", "name"];
    const { stdout } = await execute(pathOf("kubectl"), [...args, "--dry-run=client"]);
    expect(stdout).toBe("service/serf\npoddisruptionbudget.policy/serf\nstatefulset.apps/serf\n");
  });
});

describe.skipIf(lacks("docker", "bun"))("the image", { timeout: 600_000 }, () => {
  it("is built, and runs the program", async () => {
    const machine = process.arch === "x64" ? "linux-x64" : "linux-arm64";
    await execute("npm", ["run", "--silent", "compile", "--", "bun", `--target=${machine}`], { cwd: root });
    const build = ["build", "-f", "deploy/Containerfile", "-t", "tserf-test", "."];
    await execute(pathOf("docker"), build, { cwd: root });
    const { stdout } = await execute(pathOf("docker"), ["run", "--rm", "tserf-test", "version"]);
    expect(stdout).toContain("Agent Protocol: 5");
  });
});
