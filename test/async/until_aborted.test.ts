import { expect, test } from "vitest";
import { untilAborted } from "../../src/async/until_aborted.ts";
import { watchedSignal } from "../shell/signals.ts";

const never = new Promise<never>(() => undefined);

test("what settles first is passed on, a failure as well", async () => {
  const { signal, listeners } = watchedSignal();
  expect(await untilAborted(signal, Promise.resolve("done"))).toBe("done");
  expect(await untilAborted(undefined, Promise.resolve("done"))).toBe("done");
  await expect(untilAborted(signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(listeners.size).toBe(0);
});

test("a signal ends the waiting with its reason, before it and during it", async () => {
  const controller = new AbortController();
  const waiting = untilAborted(controller.signal, never);
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(untilAborted(controller.signal, never)).rejects.toThrow("enough");
  const later = Promise.reject(new Error("nobody looks"));
  await expect(untilAborted(controller.signal, later)).rejects.toThrow("enough");
});
