/** The blocks that the tests of the documents do not run, each with the reason. */

/** One of them. */
export interface Unrun {
  readonly page: string;
  /** What the block begins with. */
  readonly begins: string;
  readonly reason: string;
}

/** All of them. A line that fits no block any more fails the tests. */
export const unrun: readonly Unrun[] = [
  { page: "README.md", begins: "npm ci && npm test\n", reason: "runs these tests, which are running" },
];
