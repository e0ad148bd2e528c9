/**
 * The generated module is what its source compiles to.
 */

import { join } from "node:path";
import { expect, test } from "vitest";
import { check } from "../../../wasm/build.ts";

test("the committed module is exactly what its source compiles to", { timeout: 120_000 }, async () => {
  expect(await check(join(import.meta.dirname, "../../.."))).toBe(true);
});
