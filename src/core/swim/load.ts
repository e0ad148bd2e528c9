/** What the membership layer of a node holds at a moment. */

/** How many things something holds, and how many bytes they have. */
export interface Load {
  readonly length: number;
  readonly bytes: number;
}

/** What the membership layer of a node holds. */
export interface SwimLoad {
  readonly broadcasts: Load;
  /** Conversations over streams, with the bytes that peers sent in them. */
  readonly exchanges: Load;
  /** The number of deadlines. */
  readonly timers: number;
}
