/** What the site of the documentation is made of; `npm run site:check` checks the built one. */

import { posix } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { documents, read, root } from "../tidy/sources.ts";

interface Pages {
  documents(): string[];
  homeless(): string[];
  routeOf(path: string): string | undefined;
}
interface Stage {
  withLinks(path: string, text: string): string;
}
const load = async (name: string): Promise<unknown> =>
  await import(pathToFileURL(`${root}/tools/site/${name}`).href);
const pages = (await load("pages.mjs")) as Pages;
const { withLinks } = (await load("stage.mjs")) as Stage;

describe("the site", () => {
  it("has a place for every page of docs", () => {
    expect(pages.homeless()).toEqual([]);
    expect(new Set(pages.documents().map(pages.routeOf)).size).toBe(pages.documents().length);
  });

  it("leads links between documents to routes, and leaves others and code alone", () => {
    const text = [
      "[a](../limits.md#gossip-members) [map](../../src/README.md) [`code`](../../src/mod.ts) [web](https://a.b/c.md) [here](#x)",
      "```md",
      "[a](../limits.md)",
      "```",
    ].join("\n");
    expect(withLinks("docs/start/node.md", text).split("\n")).toEqual([
      "[a](/limits#gossip-members) [map](/architecture) `code` [web](https://a.b/c.md) [here](#x)",
      "```md",
      "[a](../limits.md)",
      "```",
    ]);
  });

  it("shows a recording of a cluster in which a member joins and fails", () => {
    const { panes, steps } = JSON.parse(read("tools/site/recording.json")) as {
      panes: string[];
      steps: { at: number; pane: number; typed?: string; printed?: string }[];
    };
    const shown = panes.map((_, pane) =>
      steps
        .filter((step) => step.pane === pane)
        .map(({ typed, printed }) => typed ?? printed)
        .join(""),
    );
    expect(shown[0]).toMatch(/EventMemberJoin: two[\s\S]*EventMemberFailed: two/);
    expect(shown[2]).toMatch(/two +127\.0\.0\.1:7947 +alive[\s\S]*two +127\.0\.0\.1:7947 +failed/);
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).sort((a, b) => a - b));
  });
});

describe("a link into a document", () => {
  const texts = new Map(documents().map(({ path, text }) => [path, text]));
  const dead = (path: string, text: string): string[] =>
    Array.from(text.matchAll(/\]\(([^)\s:]*)#([^)\s]+)\)/g)).flatMap(([, file = "", hash = ""]) => {
      const target = file === "" ? text : texts.get(posix.join(posix.dirname(path), file));
      return target !== undefined && !places(target).has(hash) ? [`${path}: ${file}#${hash}`] : [];
    });

  it("is dead if no heading has that name", () => {
    expect(dead("README.md", "# A b\n[x](#a-b) [y](#a-c) [z](docs/limits.md#nowhere)")).toEqual([
      "README.md: #a-c",
      "README.md: docs/limits.md#nowhere",
    ]);
  });

  it("is never dead", () => {
    expect([...texts].flatMap(([path, text]) => dead(path, text))).toEqual([]);
  });
});

/** Names of a document's headings, as GitHub makes them. */
function places(text: string): Set<string> {
  const headings = text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm);
  return new Set(
    Array.from(headings, ([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
