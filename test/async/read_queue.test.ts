import { describe, expect, test } from "vitest";
import { ReadQueue } from "../../src/async/read_queue.ts";

const end = { done: true, value: undefined };

describe("a queue for a reader", () => {
  test("keeps what was pushed, in order, also beyond its end", async () => {
    const queue = new ReadQueue<number>();
    queue.push(1);
    queue.push(2);
    queue.end();
    queue.push(3);
    const read: number[] = [];
    for await (const item of queue) read.push(item);
    expect(read).toEqual([1, 2]);
  });

  test("serves readers that wait in their order", async () => {
    const queue = new ReadQueue<number>();
    const reads = [queue.next(), queue.next(), queue.next()];
    expect(queue.reading).toBe(true);
    queue.push(1);
    queue.push(2);
    queue.end();
    expect(await Promise.all(reads)).toEqual([{ done: false, value: 1 }, { done: false, value: 2 }, end]);
    expect(queue.reading).toBe(false);
  });

  test("lets the pushing side take the oldest item back", () => {
    const queue = new ReadQueue<number>();
    queue.push(1);
    queue.push(2);
    expect([queue.shift(), queue.size]).toEqual([1, 1]);
  });

  test("drops what waits when the reader stops, and says so once", async () => {
    let left = 0;
    const queue = new ReadQueue<number>(() => {
      left += 1;
    });
    queue.push(1);
    queue.push(2);
    for await (const _item of queue) break;
    expect(await queue.next()).toEqual(end);
    await queue.return();
    expect(left).toBe(1);
  });
});
