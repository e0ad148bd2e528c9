import { expect, test } from "vitest";
import { WriteQueue } from "../../../src/rpc/server/write_queue.ts";

test("what was taken last has a word for the log, unless it was only responses", () => {
  const queue = new WriteQueue();
  const bytes = Uint8Array.of(1);
  const taken = (): string | undefined => {
    queue.take();
    return queue.streaming;
  };
  queue.answer(bytes);
  expect(taken()).toBe(undefined);
  queue.record({ word: "log", queued: 0 }, bytes);
  expect(taken()).toBe("log");
  queue.unbounded(bytes, "ack");
  queue.unbounded(bytes, "query end");
  queue.answer(bytes);
  expect(queue.answering).toBe(true);
  expect(taken()).toBe("query end");
  expect(queue.answering).toBe(false);
  expect(taken()).toBe(undefined);
});
