/** Every deadline of Serf's own layer. */
export type SerfTimer =
  | { readonly kind: "reap" }
  | { readonly kind: "reconnect" }
  | { readonly kind: "queues" }
  | { readonly kind: "goodbye" }
  | { readonly kind: "prune"; readonly node: string }
  | { readonly kind: "query"; readonly lamportTime: bigint }
  | { readonly kind: "command"; readonly command: number; readonly error: string };
