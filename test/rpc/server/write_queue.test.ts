import { expect, test } from "vitest";
import { ByteBudget } from "../../../src/rpc/server/byte_budget.ts";
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
  queue.unbounded("ack", bytes);
  queue.unbounded("query end", bytes);
  queue.answer(bytes);
  expect(queue.answering).toBe(true);
  expect(taken()).toBe("query end");
  expect(queue.answering).toBe(false);
  expect(taken()).toBe(undefined);
});

test("what several queues hold counts once, until the last has written or dropped it", () => {
  const budget = new ByteBudget(2_000);
  const queues = [new WriteQueue(budget), new WriteQueue(budget)] as const;
  const body = new Uint8Array(1_500);
  for (const queue of queues) queue.record({ word: "event", queued: 0 }, new Uint8Array(10), body);
  expect(budget.used).toBe(1_520);
  queues[0].answer(new Uint8Array(500));
  expect(budget.exceeded).toBe(true);
  expect(queues[0].take()).toHaveLength(2_010);
  expect(budget.exceeded).toBe(true);
  expect(queues[0].take()).toBeUndefined();
  expect(budget.used).toBe(1_510);
  queues[1].clear();
  expect([budget.used, queues[0].bytes, queues[1].bytes]).toEqual([0, 0, 0]);
});

test("a large piece is handed on as it is", () => {
  const queue = new WriteQueue();
  const body = new Uint8Array(100_000);
  queue.answer(Uint8Array.of(1), body);
  queue.answer(Uint8Array.of(2));
  expect(queue.take()).toEqual(Uint8Array.of(1));
  expect(queue.take()).toBe(body);
  expect(queue.answering).toBe(true);
  expect(queue.take()).toEqual(Uint8Array.of(2));
  expect(queue.answering).toBe(false);
});
