/**
 * What `npm run wasm` generates is what is committed, and a runtime takes the build that it can run.
 */

import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builds, bytesOf } from "../../../src/core/wire/module.ts";
import { generate, readText, stale } from "../../../wasm/build.ts";

const root = join(import.meta.dirname, "../../..");
let generated: ReadonlyMap<string, string>;

beforeAll(async () => {
  generated = await generate(root);
}, 120_000);

test("the committed module and constants are exactly what their sources give", () => {
  expect(stale(generated, (path) => readText(root, path))).toEqual([]);
});

test("a generated file that is outdated or missing is reported", () => {
  expect([...generated.keys()]).toEqual(["src/core/wire/abi.ts", "wasm/assembly/abi.ts", "wasm/module.ts"]);
  for (const path of generated.keys()) {
    const others = (read: string) => generated.get(read) ?? null;
    expect(stale(generated, (read) => (read === path ? `${others(read)} ` : others(read)))).toEqual([path]);
    expect(stale(generated, (read) => (read === path ? null : others(read)))).toEqual([path]);
  }
});

test("a runtime takes the relaxed build if it accepts all of it", () => {
  const accepted = (["relaxed", "plain"] as const).filter((build) => WebAssembly.validate(bytesOf(build)));
  expect(accepted).toEqual([...builds]);
});
