/** The code in the README and other pages, which tests run and compile. */

import { read } from "./tidy/sources.ts";

/** A block of code. */
export interface Block {
  readonly language: string;
  /** Without the fences. */
  readonly text: string;
}

/** A page's blocks in its order, all of them or those in one language. */
export function readmeBlocks(language?: string, page = "README.md"): Block[] {
  const all = Array.from(read(page).matchAll(/^```(\w+)\n(.*?)^```$/gms), ([, name, text]) => ({
    language: name!,
    text: text!,
  }));
  return all.filter((block) => language === undefined || block.language === language);
}
