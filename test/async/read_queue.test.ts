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

  test("that fails tells its reader once, after what waits", async () => {
    const queue = new ReadQueue<number>();
    queue.push(1);
    queue.fail(new Error("broken"));
    queue.fail(new Error("again"));
    expect(await queue.next()).toEqual({ done: false, value: 1 });
    await expect(queue.next()).rejects.toThrow("broken");
    expect(await queue.next()).toEqual(end);
    const waited = new ReadQueue<number>();
    const reads = [waited.next(), waited.next()];
    waited.fail(new Error("broken"));
    await expect(reads[0]).rejects.toThrow("broken");
    expect(await reads[1]).toEqual(end);
    const dropped = new ReadQueue<number>();
    dropped.fail(new Error("nobody reads"));
    await dropped.return();
    expect(await dropped.next()).toEqual(end);
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
