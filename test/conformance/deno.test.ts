/** Deno's adapter, on Deno. */
import { describe } from "vitest";
import { denoRuntime } from "../../runtimes/deno/mod.ts";
import { command } from "../runtimes/binaries.ts";
import { conformance } from "./real.ts";

describe("deno", () => {
  conformance(denoRuntime(), command("deno", "test/conformance/deno_terminal.ts"));
});
