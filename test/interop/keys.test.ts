/**
 * Keys of a cluster, changed by both command lines through both kinds of agents.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, type Kind, type Outcome, ours, sideBySide, stopAll } from "./agents.ts";
import { sorted } from "./outcomes.ts";

/** The newer of the two that commands are compared with, because some messages of the old one differ. */
const serf: Kind = "serf-0.10";
const block = 100 + (process.pid % 100);

const firstKey = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=";
const secondKey = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=";
const foreignKey = "5K9OtfP7efFrNKe5WCQvXvnaXJ5cWP0SvXiwe0kkjM4=";

describe.skipIf(lacks("loopback", serf)).each(installed(ours))("keys on %s", (kind) => {
  const subnet = 50 + ours.indexOf(kind);
  const at = (host: number): string => `127.${block}.${subnet}.${host}`;
  let theirs: Agent;
  let mine: Agent;

  const both = (...args: string[]): Promise<[Outcome, Outcome][]> =>
    sideBySide([theirs, mine], [serf, kind], args);

  describe("in an encrypted cluster", () => {
    beforeAll(async () => {
      const flags = ["-profile=local", `-encrypt=${firstKey}`];
      theirs = await Agent.start(serf, "theirs", at(3), ...flags);
      mine = await Agent.start(kind, "mine", at(4), "-join", theirs.address, ...flags);
      await converged([theirs, mine], { theirs: "alive", mine: "alive" });
    }, 60_000);
    afterAll(stopAll);

    const done = (first: string, last: string): Outcome => ({
      stdout: `==> ${first}\n==> ${last}\n`,
      stderr: "",
      code: 0,
    });

    it("rotates keys through either agent", { timeout: 60_000 }, async () => {
      let before = firstKey;
      let after = secondKey;
      for (const agent of [theirs, mine]) {
        for (const by of [serf, kind]) {
          const keys = (...args: string[]): Promise<Outcome> => agent.cli(by, "keys", ...args);
          const listed = async (): Promise<string> =>
            (await keys("-list")).stdout.split("\n").sort().join("\n");
          expect(await keys("-install", after)).toEqual(
            done("Installing key on all members...", "Successfully installed key!"),
          );
          expect(await listed()).toContain([`${firstKey}  [2/2]`, `${secondKey}  [2/2]`].join("\n"));
          expect(await keys("-use", after)).toEqual(
            done("Changing primary key on all members...", "Successfully changed primary key!"),
          );
          expect(await keys("-remove", before)).toEqual(
            done("Removing key on all members...", "Successfully removed key!"),
          );
          expect((await keys("-list")).stdout).toBe(
            "==> Asking all members for installed keys...\n==> Keys gathered, listing cluster keys...\n\n" +
              `${after}  [2/2]\n`,
          );
          [before, after] = [after, before];
        }
      }
      await converged([theirs, mine], { theirs: "alive", mine: "alive" });
    });

    it.each([
      ["-remove", firstKey],
      ["-use", foreignKey],
      ["-use", "c2hvcnQ="],
      ["-install", "c2hvcnQ="],
      ["-install", "!!"],
      ["-remove", foreignKey],
    ])("reports failures as Serf does: keys %s %s", { timeout: 60_000 }, async (...args) => {
      for (const [expected, actual] of await both("keys", ...args)) {
        expect(sorted(actual)).toEqual(sorted(expected));
      }
    });
  });
});
