import { expect, test } from "vitest";
import { Outbox } from "../../../src/rpc/server/write_queue.ts";

test("what was taken last has a word for the log, unless it was only responses", () => {
  const outbox = new Outbox();
  const bytes = Uint8Array.of(1);
  const taken = (): string | null => {
    outbox.take();
    return outbox.streaming;
  };
  outbox.answer(bytes);
  expect(taken()).toBe(null);
  outbox.record({ word: "log", queued: 0 }, bytes);
  expect(taken()).toBe("log");
  outbox.unbounded(bytes, "ack");
  outbox.unbounded(bytes, "query end");
  outbox.answer(bytes);
  expect(outbox.answering).toBe(true);
  expect(taken()).toBe("query end");
  expect(outbox.answering).toBe(false);
  expect(taken()).toBe(null);
});
