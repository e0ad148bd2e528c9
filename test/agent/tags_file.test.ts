import { describe, expect, test } from "vitest";
import { AgentLog } from "../../src/agent/log/log.ts";
import { readTags, TagsFile } from "../../src/agent/tags_file.ts";
import { type FileStatus, SystemError } from "../../src/runtime.ts";
import { FakeClock } from "./fakes.ts";

async function restored(
  content: string | null,
  tags: ReadonlyMap<string, string> = new Map(),
  tagsFile = "t.json",
) {
  const log = new AgentLog(new FakeClock());
  const files = {
    read: async () => {
      if (content === null) throw new SystemError("ENOENT", "read", "missing");
      return new TextEncoder().encode(content);
    },
    status: async (path: string): Promise<FileStatus> => {
      if (path === "here") return { kind: "directory", size: 0, mode: 0o755 };
      throw new SystemError("ENOENT", "stat", "missing");
    },
  };
  const found = await readTags({ tagsFile, tags }, files, log);
  return { found, lines: log.recent().map(({ text }) => text.slice("2026/11/23 10:34:05 ".length)) };
}

describe("a tags file", () => {
  test("is read at start, and may be missing", async () => {
    expect(await restored('{"b":"2","a":null}')).toEqual({
      found: new Map([
        ["b", "2"],
        ["a", ""],
      ]),
      lines: ["[INFO] agent: Restored 2 tag(s) from t.json"],
    });
    expect((await restored("null")).lines).toEqual(["[INFO] agent: Restored 0 tag(s) from t.json"]);
    expect(await restored(null)).toEqual({ found: new Map(), lines: [] });
  });

  // From the recording agent-files of serf 0.10.2-dev.
  test.each([
    ["", "Failed to decode tags file: unexpected end of JSON input"],
    ["{", "Failed to decode tags file: unexpected end of JSON input"],
    [
      "[]",
      "Failed to decode tags file: json: cannot unmarshal array into Go value of type map[string]string",
    ],
    ['{"a": 1}', "Failed to decode tags file: json: cannot unmarshal number into Go value of type string"],
  ])("with %j is refused", async (content, message) => {
    await expect(restored(content)).rejects.toThrow(message);
  });

  test("may be missing, but the directory it is written to must exist", async () => {
    expect((await restored(null, new Map(), "here/t.json")).found).toEqual(new Map());
    await expect(restored(null, new Map(), "nodir/deep/t.json")).rejects.toThrow(
      "Invalid tags_file 'nodir/deep/t.json': stat nodir/deep: no such file or directory",
    );
  });

  test("excludes tags in the settings", async () => {
    await expect(restored("{}", new Map([["a", "1"]]))).rejects.toThrow(
      "Tags config not allowed while using tag files",
    );
  });

  test("is written as Go writes it, in the order of the changes", async () => {
    const written: unknown[] = [];
    const replace = async (path: string, bytes: Uint8Array, mode: number): Promise<void> => {
      await Promise.resolve();
      written.push([path, new TextDecoder().decode(bytes), mode]);
    };
    const file = new TagsFile({ tagsFile: "t.json", protocol: 5 }, { replace });
    await Promise.all([
      file.store(
        new Map([
          ["ü", "<&>"],
          ["a", "1"],
        ]),
      ),
      file.store(new Map()),
    ]);
    expect(written).toEqual([
      ["t.json", '{\n  "a": "1",\n  "ü": "\\u003c\\u0026\\u003e"\n}', 0o600],
      ["t.json", "{}", 0o600],
    ]);
  });

  test("is left alone if the tags are too long, and a failed write is reported", async () => {
    let writes = 0;
    const replace = async (): Promise<void> => {
      writes += 1;
      throw new SystemError("ENOENT", "open", "missing");
    };
    const file = new TagsFile({ tagsFile: "nodir/t.json", protocol: 5 }, { replace });
    await expect(file.store(new Map([["big", "x".repeat(600)]]))).rejects.toThrow(
      "Encoded length of tags exceeds limit of 512 bytes",
    );
    expect(writes).toBe(0);
    await expect(file.store(new Map([["ok", "1"]]))).rejects.toThrow(
      "Failed to write tags file: open nodir/t.json: no such file or directory",
    );
    await expect(file.store(new Map())).rejects.toThrow("Failed to write");
    expect(writes).toBe(2);
  });
});
