/** The agent's log: what is kept, and when the text of a line is made. */
import { expect, test } from "vitest";
import { AgentLog, recentLinesMax } from "../../../src/agent/log/log.ts";
import type { LogLine } from "../../../src/shell/options/log.ts";

const clock = { now: () => 0, wallTime: () => 0, after: () => () => undefined };

/** A line that counts how often its text is read. */
function counted(text: string): { readonly line: LogLine; readonly reads: () => number } {
  let reads = 0;
  const line: LogLine = {
    time: 0,
    level: "DEBUG",
    component: "serf",
    get text() {
      reads += 1;
      return text;
    },
  };
  return { line, reads: () => reads };
}

test("the text of a line is made when somebody reads it, and once", () => {
  const log = new AgentLog(clock);
  const levels: string[] = [];
  log.follow(({ level }) => levels.push(level));
  const { line, reads } = counted("messageUserEventType: deploy");
  log.append(line);
  expect(levels).toEqual(["DEBUG"]);
  expect(reads()).toBe(0);
  for (let time = 0; time < 2; time++)
    expect(log.recent()[0]!.text).toMatch(
      /^\d{4}\/\d\d\/\d\d .* \[DEBUG\] serf: messageUserEventType: deploy$/,
    );
  expect(reads()).toBe(1);
});

test("lines of every level are kept, the last ones of many, and each with the time at which it was logged", () => {
  let time = 0;
  const log = new AgentLog({ ...clock, wallTime: () => time });
  for (let index = 0; index < 3 * recentLinesMax; index++) {
    time = index * 1000;
    log.write(index % 2 === 0 ? "DEBUG" : "INFO", "agent", `line ${index}`);
  }
  const lines = log.recent();
  expect(lines).toHaveLength(recentLinesMax);
  expect(lines[0]!.text).toMatch(/:\d\d \[DEBUG\] agent: line 1024$/);
  expect(lines.at(-1)!.text).toMatch(/\[INFO\] agent: line 1535$/);
  const seconds = (text: string): number => Number(text.slice(17, 19));
  expect((seconds(lines[1]!.text) - seconds(lines[0]!.text) + 60) % 60).toBe(1);
});

test("what others sent cannot break a line, and what a program printed keeps its lines", () => {
  const log = new AgentLog(clock);
  log.write("INFO", "serf", "user-event: a\nb\x1b[2J ü");
  log.output("DEBUG", "agent", "one\ntwo\x1b[2J\n");
  const [entry, output] = log.recent();
  expect(entry!.text).toMatch(/\[INFO\] serf: user-event: a\\nb\\x1b\[2J ü$/);
  expect(entry!.source.text).toBe("user-event: a\\nb\\x1b[2J ü");
  expect(output!.text).toMatch(/\[DEBUG\] agent: one\ntwo\\x1b\[2J$/);
});
