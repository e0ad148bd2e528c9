/** What nodes answer to the queries of a scenario: each reply can be told from all others. */

/** Returns the answer of a node to a query. */
export function answerTo(query: string, from: string): Uint8Array {
  return new TextEncoder().encode(`${query} ${from}`);
}
