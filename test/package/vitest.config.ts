/**
 * The package on each runtime, under each way to find types, and in each bundler: `npm run package:check`. Apart from the suite, because it
 * installs bundlers and takes some minutes.
 */

import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: [
      "test/package/*.test.ts",
      "test/package/matrix/bundlers.ts",
      "test/package/matrix/guides.ts",
      "test/package/matrix/runtimes.ts",
      "test/package/matrix/targets.ts",
      "test/package/matrix/types.ts",
    ],
    globalSetup: "test/machine/setup.ts",
    maxWorkers: 1,
    testTimeout: 60_000,
  },
});

export default config;
