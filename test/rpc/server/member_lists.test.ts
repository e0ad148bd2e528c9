import fc from "fast-check";
import { expect, test } from "vitest";
import type { Member } from "../../../src/core/serf/api.ts";
import { RpcCodec } from "../../../src/rpc/codec.ts";
import { memberRecord } from "../../../src/rpc/records.ts";
import { MemberLists } from "../../../src/rpc/server/member_lists.ts";
import { member } from "../../agent/fakes.ts";
import { hexOf } from "../hex.ts";

const codec = new RpcCodec();

/** The body as the library encodes it as a whole. */
function encodedAtOnce(members: readonly Member[]): string {
  return hexOf(codec.encode({ Members: members.map(memberRecord) }));
}

const statuses = ["alive", "leaving", "left", "failed", "none"] as const;
const versions = fc.record({ min: fc.nat(255), max: fc.nat(255), current: fc.nat(255) });
const text = fc.string({ unit: "binary", maxLength: 80 });

const anyMember: fc.Arbitrary<Member> = fc.record({
  name: text,
  address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom("", "?0102")),
  port: fc.nat(65_535),
  tags: fc.dictionary(text, text, { maxKeys: 20 }),
  status: fc.constantFrom(...statuses),
  protocol: versions,
  memberlist: versions,
});

/** What happens to a list between two requests, at a place that is taken modulo its length. */
const change = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), members: fc.array(anyMember, { maxLength: 20 }) }),
  fc.record({ kind: fc.constantFrom("erase" as const, "move" as const), place: fc.nat(1_000) }),
  fc.record({
    kind: fc.constant("status" as const),
    place: fc.nat(1_000),
    status: fc.constantFrom(...statuses),
  }),
  fc.record({ kind: fc.constant("all" as const) }),
  fc.record({ kind: fc.constant("some" as const), keep: fc.func(fc.boolean()) }),
);

test("after any changes a body has the bytes that the library writes for all members at once", () => {
  const property = fc.property(
    fc.array(anyMember, { maxLength: 30 }),
    fc.array(change, { maxLength: 12 }),
    fc.nat(8_000),
    (first, changes, keptBytesMax) => {
      const lists = new MemberLists(codec, { keptBytesMax });
      const members = [...first];
      for (const step of changes) {
        const place = "place" in step ? step.place % Math.max(1, members.length) : 0;
        if (step.kind === "add") members.push(...step.members);
        if (step.kind === "erase") members.splice(place, 1);
        if (step.kind === "move") members.push(...members.splice(place, 1));
        if (step.kind === "status" && members.length > 0)
          members[place] = { ...members[place]!, status: step.status };
        const asked = step.kind === "some" ? members.filter(({ name }) => step.keep(name)) : members;
        const body = step.kind === "some" ? lists.some(asked) : lists.all(asked);
        expect(hexOf(body.bytes)).toBe(encodedAtOnce(asked));
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test.each([0, 15, 16, 65_535, 65_536])("the head of a list of %i members is the library's", (count) => {
  const members = new Array<Member>(count).fill(member("a", "127.0.0.1"));
  const head = (bytes: Uint8Array): string => hexOf(bytes.subarray(0, 16));
  const whole = codec.encode({ Members: members.map(memberRecord) });
  const { bytes } = new MemberLists(codec).all(members);
  expect([bytes.length, head(bytes)]).toEqual([whole.length, head(whole)]);
});

/** A codec that counts the members it has encoded: the values of arrays. */
function countingCodec(): RpcCodec & { count: number } {
  const counting = Object.assign(new RpcCodec(), { count: 0 });
  counting.encode = (...values) => {
    for (const value of values) counting.count += Array.isArray(value) ? value.length : 0;
    return codec.encode(...values);
  };
  return counting;
}

test("a list is encoded once until a member changes, and then only that member", () => {
  const counting = countingCodec();
  const lists = new MemberLists(counting);
  const members = Array.from({ length: 10 }, (_, index) => member(`node-${index}`, "127.0.0.1"));
  const first = lists.all(members);
  const before = counting.count;
  expect(lists.all([...members])).toBe(first);
  expect(lists.some([...members])).toBe(first);
  lists.some(members.slice(3, 6));
  expect(lists.all(members)).toBe(first);
  expect(counting.count).toBe(before);
  const changed = members.with(4, member("node-4", "127.0.0.1", {}, "failed"));
  expect(lists.all(changed)).not.toBe(first);
  expect(counting.count).toBe(before + 1);
});

test("a list that is too large is not kept, nor the one before it", () => {
  const counting = countingCodec();
  const lists = new MemberLists(counting, { keptBytesMax: 1_000 });
  const small = [member("node-0", "127.0.0.1")];
  const large = Array.from({ length: 10 }, (_, index) => member(`node-${index}`, "127.0.0.1"));
  lists.all(small);
  const before = counting.count;
  expect(lists.all(large)).not.toBe(lists.all(large));
  lists.all(small);
  expect(counting.count).toBe(before + 21);
});
