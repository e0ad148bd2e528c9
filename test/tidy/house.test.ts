/** The rules about all files together; each first has to reject a few files that break it. */
import { describe, expect, it } from "vitest";
import * as graph from "./graph.ts";
import * as layout from "./layout.ts";
import { entryPoints } from "./manifests.ts";
import { paths, type Source, source, sources } from "./sources.ts";

const src = sources("src");
const ours = [...src, ...sources("runtimes")];

/** Files by path. */
type Files = Readonly<Record<string, string>>;

interface Rule {
  readonly name: string;
  readonly check: (files: readonly Source[]) => string[];
  readonly files: readonly Source[];
  /** Sets of files that break the rule, with the rule's message. */
  readonly broken: readonly (readonly [files: Files, ...violations: string[]])[];
  /** Sets of files that only look as if they did. */
  readonly sound: readonly Files[];
}

const long = "\n".repeat(graph.lineCountMin);
const many = Object.fromEntries(
  Array.from({ length: layout.entryCountMax }, (_, index) => [`src/a/${index}.ts`, ""]),
);

const table: readonly Rule[] = [
  {
    name: "no import cycle, types included",
    check: graph.cycles,
    files: ours,
    broken: [
      [
        { "src/a.ts": 'import { b } from "./b.ts";', "src/b.ts": 'import type { A } from "./a.ts";' },
        "src/a.ts -> src/b.ts -> src/a.ts",
      ],
      [
        {
          "src/a.ts": 'export * from "./b/b.ts";',
          "src/b/b.ts": 'import { c } from "../c.ts"; import { d } from "./d.ts";',
          "src/b/d.ts": "export const d = 1;",
          "src/c.ts": 'export type A = import("./a.ts").A;',
        },
        "src/a.ts -> src/b/b.ts -> src/c.ts -> src/a.ts",
      ],
      [{ "src/a.ts": 'import "./a.ts";' }, "src/a.ts -> src/a.ts"],
      [
        {
          "src/a.ts": 'import "./b.ts";',
          "src/b.ts": 'import "./a.ts"; import "./c.ts";',
          "src/c.ts": 'import "./b.ts";',
        },
        "src/a.ts -> src/b.ts -> src/a.ts",
        "src/c.ts -> src/b.ts -> src/c.ts",
      ],
    ],
    sound: [
      {
        "src/a.ts": 'import "./b.ts"; import "./c.ts";',
        "src/b.ts": 'import "./c.ts";',
        "src/c.ts": '// import "./a.ts";',
      },
    ],
  },
  {
    name: `no file under ${graph.lineCountMin} lines with a single importer`,
    check: (files) => graph.crumbs(files, new Set([...entryPoints(), ...layout.loose])),
    files: ours,
    broken: [
      [
        { "src/net/a.ts": `import "./b.ts";${long}`, "src/net/b.ts": "b();" },
        "src/net/b.ts has 1 lines and only src/net/a.ts imports it",
      ],
    ],
    sound: [
      { "src/net/a.ts": `import "./b.ts";${long}`, "src/net/b.ts": `${long}b();` },
      { "src/net/a.ts": 'import "./b.ts";', "src/net/b.ts": "", "src/net/c.ts": 'import "./b.ts";' },
      { "src/cli/main.ts": 'import "./commands/a.ts";', "src/cli/commands/a.ts": "" },
      { "src/mod.ts": 'import "./errors.ts";', "src/errors.ts": "" },
    ],
  },
  {
    name: "loose in src are only the map, the public face and the ground floor",
    check: (files) => layout.unhoused(files.map(({ path }) => path)),
    files: paths("src", "").map((path) => source(path, "")),
    broken: [
      [{ "src/query.ts": "" }, "src/query.ts"],
      [{ "src/NOTES.md": "" }, "src/NOTES.md"],
    ],
    sound: [{ "src/README.md": "", "src/mod.ts": "", "src/net/address.ts": "" }],
  },
  {
    name: `no folder of src shows more than ${layout.entryCountMax} entries`,
    check: (files) => layout.crowded(files.map(({ path }) => path)),
    files: paths("src", "").map((path) => source(path, "")),
    broken: [
      [{ ...many, "src/a/one_more.ts": "" }, "src/a shows 21 entries"],
      [{ ...many, "src/a/b/c.ts": "" }, "src/a shows 21 entries"],
    ],
    sound: [many, { ...many, "src/b/b.ts": "" }],
  },
  {
    name: "no two exported classes or interfaces share a name",
    check: layout.namesakes,
    files: src,
    broken: [
      [
        { "src/a.ts": "export class Codec {}", "src/b.ts": "\nexport interface Codec {}" },
        "Codec: src/a.ts:1, src/b.ts:2",
      ],
    ],
    sound: [
      {
        "src/a.ts": "export class Codec {}",
        "src/b.ts": "class Codec {}",
        "src/c.ts": 'export * from "./a.ts";',
      },
      { "src/a.ts": "export interface A { b: 1 } export interface A { c: 1 }" },
    ],
  },
  {
    name: "no interface only carries the parts of a constructor",
    check: layout.parcels,
    files: src,
    broken: [[{ "src/a.ts": "interface QueueParts {}" }, "src/a.ts:1 QueueParts"]],
    sound: [{ "src/a.ts": "interface Parts2 {} const queueParts = 1; class SpareParts {}" }],
  },
];

describe.each(table)("$name", ({ check, files, broken, sound }) => {
  it("rejects the samples that break it", () => {
    for (const [set, ...violations] of broken) expect(check(made(set))).toEqual(violations);
  });

  it("accepts the samples that only look so", () => {
    for (const set of sound) expect(check(made(set))).toEqual([]);
  });

  it("holds for all files", () => {
    expect(check(files)).toEqual([]);
  });
});

function made(files: Files): Source[] {
  return Object.entries(files).map(([path, text]) => source(path, text));
}
