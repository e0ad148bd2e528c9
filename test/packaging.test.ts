/**
 * What people install: the packed tarball in an empty folder, imported, type checked, run from the command line, and under the examples.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageBlocks } from "./docs/blocks.ts";
import { until } from "./interop/agents.ts";
import { lacks, pathOf } from "./machine/here.ts";
import { type Installed, installPacked, leaves, packedManifest } from "./package/installed.ts";
import { read, root } from "./tidy/sources.ts";

const execute = promisify(execFile);
const manifest = packedManifest();

let installed: Installed;
let folder: string;
let packed: readonly string[];

beforeAll(async () => {
  installed = await installPacked();
  ({ folder, packed } = installed);
}, 120_000);

afterAll(async () => {
  await installed.remove();
});

describe("the package", () => {
  it("has the files that are run and read, and no others", () => {
    for (const path of ["LICENSE", "README.md", "CHANGELOG.md", "package.json", "wasm/module.ts"])
      expect(packed).toContain(path);
    const wanted = [
      /^[A-Z]+(\.md)?$|^package\.json$/,
      // The library and the command lines are bundles, and their types a file for each source.
      /^dist\/runtimes\/([a-z]+)\/(mod|rpc|agent|cli)\.js(\.map)?$/,
      /^dist\/runtimes\/(library|commands)\/[\w-]+\.js(\.map)?$/,
      /^dist\/(src|runtimes|wasm)\/.*\.d\.ts(\.map)?$/,
      // The maps name the sources. npm adds each folder's README.
      /^(src|runtimes|wasm)\/(?!.*sim\/page|assembly|build|patch|abi).*(\.ts|README\.md)$/,
    ];
    expect(packed.filter((path) => !wanted.some((pattern) => pattern.test(path)))).toEqual([]);
  });

  it("has every file that its manifest names", () => {
    const named = [...Object.values(manifest.bin), ...Object.values(manifest.exports).flatMap(leaves)];
    for (const path of named) expect(packed).toContain(path.replace("./", ""));
  });

  it("is imported by each of its names that Node can run", async () => {
    const program = `
      const all = await Promise.all(["tserf", "tserf/node", "tserf/rpc", "tserf/agent", "tserf/sim"].map((name) => import(name)));
      console.log(all.map((module) => Object.keys(module).sort().join(" ")).join("\\n"));`;
    const { stdout } = await execute(process.execPath, ["--input-type=module", "-e", program], {
      cwd: folder,
    });
    expect(stdout.trim().split("\n")).toEqual([
      "JoinError KeyError NodeEvents Serf SerfError nodeRuntime",
      "JoinError KeyError NodeEvents Serf SerfError nodeRuntime",
      "RpcClient RpcKeyError",
      "SerfError serveRpc startAgent",
      "Checkers CoreNode CoreWorld JoinError KeyError Links NodeEvents Rule Serf SerfError SimulatedCluster Truth World " +
        "describeScenario describeStep drawScenario playScript randomScript runTrial shrink simulateCluster stepKinds",
    ]);
  });

  it("installs the commands tserf and serf", async () => {
    for (const name of ["tserf", "serf"]) {
      const { stdout } = await execute(join(folder, "node_modules", ".bin", name), ["version"]);
      expect(stdout.split("\n")[0]).toBe(manifest.version);
    }
  });

  it.skipIf(lacks("loopback"))("its commands and its agent run with 32 open files", async () => {
    const program = `ulimit -n 32 && exec ${join(folder, "node_modules", ".bin", "serf")}`;
    const agent = spawn("/bin/sh", [
      "-c",
      `${program} agent -node=few -bind=127.0.0.81:17946 -rpc-addr=127.0.0.81:17373`,
    ]);
    let output = "";
    for (const stream of [agent.stdout, agent.stderr]) {
      stream.on("data", (chunk: Uint8Array) => {
        output += new TextDecoder().decode(chunk);
      });
    }
    const ended = once(agent, "close");
    try {
      await Promise.race([until("it runs", () => output.includes("Log data will now stream in")), ended]);
      expect(output).toContain("Serf agent running!");
      const commands = ["version", "members -rpc-addr=127.0.0.81:17373", "leave -rpc-addr=127.0.0.81:17373"];
      for (const command of commands) await execute("/bin/sh", ["-c", `${program} ${command}`]);
      expect((await ended)[0]).toBe(0);
    } finally {
      agent.kill("SIGKILL");
    }
  });

  it("carries types that strict programs compile against, including the README's programs", {
    timeout: 60_000,
  }, async () => {
    const names = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
    const text = names.map((name, index) => `export * as m${index} from "tserf${name.slice(1)}";`).join("\n");
    const path = join(folder, "consumer.ts");
    const programs = pageBlocks("README.md", "js").map(({ text: program }, index) => ({
      path: join(folder, `readme${index}.ts`),
      program,
    }));
    for (const { path, program } of programs) {
      expect(program).toContain('from "tserf');
      await writeFile(path, program);
    }
    await writeFile(path, `${text}\nimport { Serf } from "tserf";\nconst n: number = Serf.start;\nvoid n;\n`);
    const lib = ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"];
    const messages = diagnose([path], { lib, types: [] });
    // The one deliberate error proves that the types exist.
    expect(messages).toEqual([expect.stringContaining("is not assignable to type 'number'")]);
    // The README's programs use `process`.
    const nodeTypes = { types: ["node"], typeRoots: [join(root, "node_modules", "@types")] };
    expect(
      diagnose(
        programs.map(({ path }) => path),
        { lib, ...nodeTypes },
      ),
    ).toEqual([]);
  });

  it.each([
    ["the default libraries", {}],
    ["no library of a browser", { lib: ["lib.es2022.d.ts"] }],
    ["the libraries of the next version", { lib: ["lib.esnext.d.ts", "lib.dom.d.ts"] }],
  ])("has types that stand alone, with %s", { timeout: 60_000 }, async (_which, lib) => {
    const path = join(folder, "alone.ts");
    const names = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
    const program = `
      ${names.map((name, index) => `import * as m${index} from "tserf${name.slice(1)}";`).join("\n")}
      import { Serf, type SerfOptions } from "tserf";
      const options: SerfOptions = { name: undefined, tags: undefined, log: undefined };
      const serf: Serf = await Serf.start(options);
      const value: unknown = serf;
      if (value instanceof Serf) await value.join(["10.0.0.1"], { signal: undefined, replay: undefined });
      for await (const event of serf.events({ capacity: undefined })) {
        if (event.type === "query") event.respond("text");
        if (event.type === "stopped") event.reason satisfies string;
      }
      const disposed: Promise<void> = serf[Symbol.asyncDispose]();
      void [disposed, ${names.map((_, index) => `m${index}`).join(", ")}];`;
    await writeFile(path, program);
    expect(
      diagnose([path], { ...lib, types: [], skipLibCheck: false, exactOptionalPropertyTypes: true }),
    ).toEqual([]);
  });
});

describe.each([
  { name: "deno", args: ["run", "-A", "--node-modules-dir=manual"] },
  { name: "bun", args: [] },
] as const)("on $name", ({ name, args }) => {
  it.skipIf(lacks("loopback", name))(
    "the package picks the runtime, and a program that leaves ends",
    async () => {
      const program = `
      import { Serf } from "tserf";
      import * as all from "tserf";
      const serf = await Serf.start({ name: "one", bind: "127.0.0.79:0", profile: "local" });
      await serf.leave();
      await serf.shutdown();
      console.log(Object.keys(all).sort().join(" "), serf.state);`;
      await writeFile(join(folder, `${name}.js`), program);
      const { stdout } = await execute(pathOf(name), [...args, `${name}.js`], {
        cwd: folder,
        timeout: 15_000,
      });
      expect(stdout).toBe(`JoinError KeyError NodeEvents Serf SerfError ${name}Runtime shutdown\n`);
    },
  );
});

describe("the example", () => {
  beforeAll(async () => {
    for (const path of ["examples/members.ts", "examples/simulation.ts"]) await compile(path);
  });

  it.skipIf(lacks("loopback"))("members prints who joins and who leaves", { timeout: 60_000 }, async () => {
    const first = await start("members.js", "one", "127.0.0.77:17946");
    const second = await start("members.js", "two", "127.0.0.78:17946", first.address);
    await first.prints("member-join two 127.0.0.78:17946");
    await second.prints("member-join one 127.0.0.77:17946");
    expect(await second.interrupt()).toBe(0);
    await first.prints("member-leave two 127.0.0.78:17946");
    expect(await first.interrupt()).toBe(0);
    expect(first.output()).toContain("one leaves");
  });

  it("simulation prints the same lines every time", { timeout: 60_000 }, async () => {
    const run = () => execute(process.execPath, ["simulation.js"], { cwd: folder });
    const [once_, again] = await Promise.all([run(), run()]);
    expect(again.stdout).toBe(once_.stdout);
    expect(once_.stdout).toContain("ant sees member-failed cow");
    expect(once_.stdout).toContain("cow sees member-failed ant");
    const views = once_.stdout.split("\n").filter((line) => line.includes(" knows "));
    expect(views).toEqual(
      ["ant", "bee", "cow", "dog"].map((name) => `${name} knows ant alive, bee alive, cow alive, dog alive`),
    );
  });
});

function diagnose(paths: readonly string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram(paths, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    noEmit: true,
    ...options,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
}

/** Compiles an example beside the installed package, as its user would. */
async function compile(path: string): Promise<void> {
  const { outputText } = ts.transpileModule(read(path), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  await writeFile(join(folder, basename(path).replace(".ts", ".js")), outputText);
}

interface Running {
  readonly address: string;
  output(): string;
  prints(text: string): Promise<void>;
  interrupt(): Promise<number | null>;
}

async function start(program: string, name: string, address: string, ...seeds: string[]): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [program, name, address, ...seeds], { cwd: folder });
  let output = "";
  child.stdout?.on("data", (chunk: Uint8Array) => {
    output += new TextDecoder().decode(chunk);
  });
  child.stderr?.on("data", (chunk: Uint8Array) => {
    output += new TextDecoder().decode(chunk);
  });
  const ended = once(child, "close");
  const prints = async (text: string): Promise<void> => {
    const giveUp = AbortSignal.timeout(15_000);
    while (!output.includes(text)) {
      if (giveUp.aborted) throw new Error(`${name} did not print "${text}": ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await prints("listens on");
  return {
    address,
    output: () => output,
    prints,
    interrupt: async () => {
      child.kill("SIGINT");
      return (await ended)[0] as number | null;
    },
  };
}
