/** Node's adapter, on Node. */
import { describe } from "vitest";
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { command } from "../runtimes/binaries.ts";
import { conformance } from "./real.ts";

describe("node", () => {
  conformance(nodeRuntime(), command("node", "test/conformance/node_terminal.ts"));
});
