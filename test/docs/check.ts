/** Declares the tests of pages, a test for each block. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import type { ThingName } from "../machine/things.ts";
import { type Block, pageBlocks } from "./blocks.ts";
import { Page } from "./page.ts";
import { build, needsOf, type Start } from "./starts.ts";
import { unrun } from "./unrun.ts";

/** Longest a page may take to be opened, which may be a build, and a block. */
const timeout = 180_000;

/** A page, what its reader has at the beginning, and what the whole page is about. */
export type Reading = readonly [page: string, start: Start, ...needs: ThingName[]];

/** Runs pages, block by block in their order. */
export function checkPages(readings: readonly Reading[]): void {
  const runnable = readings.some(([, start, ...needs]) => !lacks(...needsOf(start), ...needs));
  beforeAll(() => {
    if (runnable) build();
  }, timeout);
  for (const [path, start, ...wholly] of readings)
    describe.skipIf(lacks(...needsOf(start), ...wholly))(path, { timeout }, () => {
      let page: Page;
      /** The block that failed: what follows it depends on it. */
      let failed: Block | undefined;

      beforeAll(() => {
        page = Page.open(path, start);
      });

      for (const block of pageBlocks(path).filter((each) => !isUnrun(each))) {
        const needs = (block.options["needs"]?.split(",") ?? []) as ThingName[];
        it.skipIf(needs.length > 0 && lacks(...needs))(titleOf(block), async ({ skip }) => {
          if (failed !== undefined) skip(`line ${failed.line} failed`);
          failed = block;
          await page.run(block);
          failed = undefined;
        });
      }

      it("ends well when the reader presses Ctrl-C everywhere", async () => {
        await expect(page.close()).resolves.toBeUndefined();
      });

      afterAll(() => page?.close());
    });
}

/** Whether a block is listed as one that is not run. */
export function isUnrun({ page, text }: Block): boolean {
  return unrun.some((each) => each.page === page && text.startsWith(each.begins));
}

function titleOf({ line, language, options, text }: Block): string {
  const what = options["file"] ?? text.trim().split("\n").at(0) ?? "";
  return `line ${line}: ${language === "sh" || options["file"] !== undefined ? what : `shows ${what}`}`;
}
