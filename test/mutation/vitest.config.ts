/**
 * The tests of the core alone, in one process, in the order of the command line, and without looking for
 * programs, so that a fault is found within seconds.
 */
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

class AsGiven extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number =>
      process.argv.findIndex((argument) => moduleId.endsWith(argument));
    return [...files].sort((a, b) => place(a) - place(b));
  }
}

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/core/**/*.test.ts"],
    pool: "threads",
    isolate: false,
    maxWorkers: 1,
    testTimeout: 60_000,
    sequence: { sequencer: AsGiven },
  },
});

export default config;
