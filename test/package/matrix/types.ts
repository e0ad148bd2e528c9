/** The types of the package under each way to find them, strictly and without those of any runtime. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Installed, installPacked, packedManifest } from "../installed.ts";

let installed: Installed;

beforeAll(async () => {
  installed = await installPacked();
}, 120_000);

afterAll(async () => {
  await installed.remove();
});

it.each([
  ["node16", { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 }],
  ["nodenext", { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
  ["bundler", { module: ts.ModuleKind.Preserve, moduleResolution: ts.ModuleResolutionKind.Bundler }],
])("programs compile with the resolution %s", async (_name, resolution) => {
  const names = Object.keys(packedManifest().exports).filter((name) => name !== "./package.json");
  const imports = names.map((name, index) => `import * as m${index} from "tserf${name.slice(1)}";`);
  const used = names.map((_, index) => `m${index}`).join(", ");
  const program = (wrong: string): string => `${imports.join("\n")}
    import { Serf, type SerfOptions } from "tserf";
    import { RpcClient } from "tserf/rpc";
    const options: SerfOptions = { name: "one", tags: { role: "web" } };
    const serf: Serf = await Serf.start(options);
    for (const { name, status } of serf.members()) void ({ name, status } satisfies { name: string; status: string });
    await using client = await RpcClient.connect({ address: "127.0.0.1:7373" });
    ${wrong}
    void [client, ${used}];
    export {};`;
  const messages = async (wrong: string): Promise<string[]> => {
    const path = join(installed.folder, "consumer.mts");
    await writeFile(path, program(wrong));
    const host = ts.createProgram([path], {
      ...resolution,
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
      types: [],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
    });
    return ts
      .getPreEmitDiagnostics(host)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
  };
  expect(await messages("")).toEqual([]);
  // The types are there: what is wrong is noticed.
  expect(await messages("const n: number = serf.state; void n;")).toEqual([
    expect.stringContaining("is not assignable to type 'number'"),
  ]);
});
