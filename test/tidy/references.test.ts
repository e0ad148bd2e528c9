/** References in comments and documents resolve inside the repository. */
import { describe, expect, it } from "vitest";
import { comments, dangling } from "./references.ts";
import { documents, source, sources } from "./sources.ts";

const code = sources("src", "runtimes", "wasm", "test", "examples").filter(
  ({ path }) => !path.startsWith("test/tidy/"),
);

describe("comments", () => {
  it("are found wherever they stand, and strings are not comments", () => {
    const text = [
      "#!/usr/bin/env node",
      "/** One. */",
      'const a = "// no", b = `/* no */`; // Two.',
      "f(/* Three. */ 1, { /** Four. */ c: 2 /* Five. */ });",
      "// Six.",
    ].join("\n");
    expect(comments(source("src/a.ts", text)).map((prose) => `${prose.line} ${prose.text}`)).toEqual([
      "2 /** One. */",
      "3 // Two.",
      "4 /* Three. */",
      "4 /** Four. */",
      "4 /* Five. */",
      "5 // Six.",
    ]);
  });
});

describe("a path that is mentioned", () => {
  const prose = (text: string, path = "README.md") => dangling({ path, line: 1, text });

  it("is dangling if it does not exist", () => {
    expect(prose("See `src/nowhere.ts`.")).toEqual(["README.md:1 src/nowhere.ts"]);
    expect(prose("First,\nthen docs/nowhere.")).toEqual(["README.md:2 docs/nowhere"]);
    expect(prose("`src/{mod,nowhere}.ts`")).toEqual(["README.md:1 src/{mod,nowhere}.ts"]);
    expect(prose("`runtimes/*/nowhere.ts`")).toEqual(["README.md:1 runtimes/*/nowhere.ts"]);
    expect(prose("a [map](src/nowhere.md#map)")).toEqual([
      "README.md:1 src/nowhere.md",
      "README.md:1 src/nowhere.md#map",
    ]);
    expect(prose("[up](../nowhere.md)", "src/README.md")).toEqual(["src/README.md:1 ../nowhere.md"]);
  });

  it("resolves from the root, a link from its document", () => {
    expect(prose("`src/mod.ts`, test/README.md. `src/{mod,errors}.ts` `runtimes/*/cli.ts` wasm/")).toEqual(
      [],
    );
    expect(prose("[rules](../CONTRIBUTING.md#rules) [here](#here)", "src/README.md")).toEqual([]);
  });

  it("may belong to another repository", () => {
    expect(prose("https://github.com/hashicorp/serf/docs/agent and dist/src/nowhere.js")).toEqual([]);
    expect(prose("[web](https://example.com/a)")).toEqual([]);
  });
});

describe("every reference resolves", () => {
  it("in comments", () => {
    expect(code.flatMap(comments).flatMap(dangling)).toEqual([]);
  });

  it("in documents", () => {
    expect(documents().flatMap(dangling)).toEqual([]);
  });
});
