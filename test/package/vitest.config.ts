/**
 * The package on each runtime, under each way to find types, and in each bundler: `npm run package:check`. Apart from the suite, because it
 * installs bundlers and takes some minutes.
 */

import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/package/matrix/*.ts", "test/package/*.test.ts"],
    globalSetup: "test/machine/setup.ts",
    maxWorkers: 1,
    testTimeout: 60_000,
  },
});

export default config;
