/** The program that the terminal tests run. Its first argument is what to do. */
import type { Runtime } from "../../src/runtime.ts";

/** Runs it; exits with a code that the test knows. */
export async function terminalProgram(runtime: Runtime): Promise<void> {
  const { terminal, signals, clock } = runtime;
  switch (terminal.args[0]) {
    case "echo": {
      const absent = terminal.env("TSERF_TEST_ABSENT");
      const first = terminal.write(
        `${JSON.stringify(terminal.args)} ${terminal.env("TSERF_TEST")} ${absent} ${terminal.columns}\n`,
      );
      const second = terminal.write(new TextEncoder().encode("bytes\n"));
      await Promise.all([first, second, terminal.writeError("to the error stream\n")]);
      return terminal.exit(7);
    }
    case "flood":
      for (let turn = 0; turn < 20; turn += 1)
        if (!(await terminal.write("x".repeat(100_000)))) return terminal.exit(3);
      return terminal.exit(0);
    case "print": {
      // Some are short enough for a way of their own.
      const print = terminal.print ?? terminal.write;
      for (let turn = 0; turn < 60; turn += 1)
        if (!(await print("x".repeat(turn % 3 === 0 ? 97_000 : 1_500)))) return terminal.exit(3);
      return terminal.exit(0);
    }
    case "signal": {
      const ignored = signals.on("SIGUSR1", () => terminal.exit(9));
      ignored();
      const cancel = signals.on("SIGTERM", () => {
        cancel();
        cancel();
        void terminal.write("got SIGTERM\n").then(() => terminal.exit(5));
      });
      await terminal.write("ready\n");
      clock.after(10_000, () => terminal.exit(8));
      return;
    }
    case "garbage": {
      await runtime.host.keepHeapSmall?.();
      await makeGarbage(30);
      const before = runtime.host.memory().resident;
      await makeGarbage(300);
      await terminal.write(`${runtime.host.memory().resident - before}`);
      return terminal.exit(0);
    }
    default:
      return terminal.exit(6);
  }
}

/** Keeps 2,000 small objects at a time, each for a while, as a flood of connections does. */
async function makeGarbage(turns: number): Promise<void> {
  const kept: object[][] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    kept[turn % 10] = Array.from({ length: 2_000 }, (_, index) => ({ turn, index, list: [index] }));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
