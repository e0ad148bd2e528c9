import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The runtime that runs the tests. Each tests its own adapter, so the entries of the others are left out here. */
const { deno, bun } = process.versions;
const runtime: "node" | "deno" | "bun" = deno ? "deno" : bun ? "bun" : "node";
const others: string[] = ["node", "deno", "bun"].filter((name) => name !== runtime);

/** Both lists, because modules are resolved as a server does; without them the entries of Node would be tested everywhere. */
const conditions: string[] = [runtime, "node", "module", "import", "default"];

/** Minutes of waiting for real programs or for hours of virtual time come first, so that no worker begins them when the others are done. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean =>
      /\/test\/((transcripts|interop|faults|simulation|examples|docs)\/|(packaging|build|sim\/page\/page)\.test)/.test(
        moduleId,
      );
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

const { TSERF_TEST_REPORT: report } = process.env;

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...others.map((name) => `test/conformance/${name}.test.ts`)],
    globalSetup: "test/machine/setup.ts",
    // A program that wants to count asks for a report in a file.
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    pool: "forks",
    // Most of the time goes into waiting for real agents; with more at once on two processors they are late.
    maxWorkers: 3,
    // Transcripts are played this many at a time.
    maxConcurrency: 5,
    sequence: { sequencer: SlowFirst },
    testTimeout: 20_000,
  },
});

export default config;
