import { expect, it } from "vitest";
import { Links } from "../../../runtimes/sim/cores/links.ts";
import { SeededRandom } from "../../../runtimes/sim/random.ts";

it("a narrow line delays what is sent, and loses what would wait for longer than ten seconds", () => {
  const links = new Links(new SeededRandom(1, "network"), { bytesPerSecond: 1_000 });
  const delays: number[] = [];
  const send = (now: number): void =>
    links.datagram({ from: 0, to: 1, size: 500, now }, (delayMs) => delays.push(delayMs));
  for (let count = 0; count < 40; count += 1) send(0);
  expect(delays.slice(0, 3)).toEqual([501, 1_001, 1_501]);
  expect(delays).toHaveLength(21);
  expect(delays.at(-1)).toBe(10_501);
  expect(links.counts).toMatchObject({ lost: 19, delayed: 21 });
  send(10_500);
  expect(delays.at(-1)).toBe(501);
});
