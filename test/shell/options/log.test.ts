import { expect, it } from "vitest";
import { printTo } from "../../../src/shell/options/log.ts";

it("a line that cannot be written is lost, and nothing else happens", async () => {
  const written: string[] = [];
  const writeError = async (text: string): Promise<void> => {
    written.push(text);
    throw new Error("nobody reads");
  };
  const print = printTo({ writeError });
  print("one\n");
  print("two\n");
  // A promise that is rejected and nobody waits for would end the program.
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(written).toEqual(["one\n", "two\n"]);
});
