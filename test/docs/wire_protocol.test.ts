/** The vectors of `docs/wire-protocol.md`: each was written by Go, and decodes to what stands below it. */

import { Unpackr } from "msgpackr/unpack";
import { describe, expect, it } from "vitest";
import { decodeMessage } from "../../src/core/serf/wire/messages.ts";
import { bytes, codec, hex, vectorKey } from "../core/wire/support.ts";
import { encryption, messages, packet } from "../golden/wire/vectors.ts";
import { read } from "../tidy/sources.ts";
import { pageBlocks } from "./blocks.ts";

const page = "docs/wire-protocol.md";
const blocks = pageBlocks(page);
const pairs = blocks.flatMap(({ language, text, line }, index) =>
  language === "text" ? [{ line, vector: text.trim(), result: blocks[index + 1]! }] : [],
);
const unpacker = new Unpackr({ useRecords: false });
/** Vectors of this page lie in these files, which say how they were made. */
const tests = ["encoding", "messages"].map((name) => read(`test/core/serf/wire/${name}.test.ts`));
const written = [...Object.values(messages), ...Object.values(packet), ...Object.values(encryption)];
const recording = read("test/golden/rpc/cli-event.hex");

describe(page, () => {
  it("has a result below each vector", () => {
    expect(pairs.length).toBeGreaterThan(15);
    for (const { result } of pairs) expect(result?.language).toBe("json");
    expect(blocks).toHaveLength(2 * pairs.length);
  });

  it.each(pairs.map((pair) => [pair.line, pair] as const))("line %d decodes to what it shows", (_, pair) => {
    const { vector, result } = pair;
    const shown: unknown = JSON.parse(result.text);
    if (vector.includes("\n")) {
      const sent = recording.split("\n").filter((each) => each.startsWith("C "));
      expect(vector.split("\n").map((each) => `C ${each}`)).toEqual(sent);
      expect(vector.split("\n").map((each) => plain(unpacker.unpack(bytes(each))))).toEqual(shown);
    } else if (written.includes(vector as never)) {
      const opened = codec({ keys: [vectorKey] }).open(bytes(vector), { verifyIncoming: false });
      expect(opened.faults).toEqual([]);
      const results = plain(opened.messages) as unknown[];
      expect(results.length === 1 ? results[0] : results).toEqual(shown);
    } else {
      expect(tests.some((text) => text.includes(vector))).toBe(true);
      expect(plain(decodeMessage(bytes(vector)))).toEqual(shown);
    }
  });
});

/** A value as JSON has it, with bytes in hexadecimal. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      each instanceof Uint8Array ? hex(each) : typeof each === "bigint" ? Number(each) : each,
    ),
  );
}
