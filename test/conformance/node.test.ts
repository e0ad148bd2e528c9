/** Node's adapter, on Node. */
import { describe } from "vitest";
import { nodeRuntime } from "../../runtimes/node/mod.ts";
import { conformance } from "./real.ts";

describe("node", () => {
  conformance(nodeRuntime(), "node", "test/conformance/node_terminal.ts");
});
