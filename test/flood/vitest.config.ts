/**
 * Floods take whole processors and compare times, so they run alone: `npm run test:flood`.
 */

import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: { include: ["test/flood/floods.ts"], globalSetup: "test/machine/setup.ts", maxWorkers: 1 },
});

export default config;
