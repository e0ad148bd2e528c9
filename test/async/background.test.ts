import { expect, test } from "vitest";
import { Background } from "../../src/async/background.ts";
import { FakeClock, settle } from "../agent/fakes.ts";

test("what fails is reported once for each kind, counted every time, and ends nothing", async () => {
  const reported: string[] = [];
  let count = 0;
  const background = new Background(
    (what, error) => reported.push(`${what}: ${(error as Error).message}`),
    () => {
      count += 1;
    },
  );
  const fail = (): never => {
    throw new Error("no");
  };
  for (let time = 0; time < 3; time++) background.run("one", fail);
  background.run("two", async () => fail());
  background.run("two", async () => fail());
  background.run("fine", () => 1);
  const clock = new FakeClock();
  background.clock(clock).after(10, fail);
  await clock.advance(10);
  await settle();
  expect(reported).toEqual(
    ["one: no", "a timer: no", "two: no"].sort((a, b) => reported.indexOf(a) - reported.indexOf(b)),
  );
  expect(count).toBe(6);
});
