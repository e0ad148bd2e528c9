/** The code in the README, which tests run and compile. */

import { read } from "./tidy/sources.ts";

/** A block of code. */
export interface Block {
  readonly language: string;
  /** Without the fences. */
  readonly text: string;
}

/** The README's blocks in the order of the page, all of them or those in one language. */
export function readmeBlocks(language?: string): Block[] {
  const all = Array.from(read("README.md").matchAll(/^```(\w+)\n(.*?)^```$/gms), ([, name, text]) => ({
    language: name!,
    text: text!,
  }));
  return all.filter((block) => language === undefined || block.language === language);
}
