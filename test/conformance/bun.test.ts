/** Bun's adapter, on Bun. */
import { describe } from "vitest";
import { bunRuntime } from "../../runtimes/bun/mod.ts";
import { conformance } from "./real.ts";

describe("bun", () => {
  conformance(bunRuntime(), "bun", "test/conformance/bun_terminal.ts");
});
