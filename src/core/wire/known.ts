/**
 * What was decoded before with a node name that the WebAssembly module has given a number, so that
 * the same text and bytes are not copied for each message.
 */

/** The bytes that come with a node. Messages share them, so nobody may change them. */
export interface Facts {
  /** The module's stamp of these bytes; 0 if it gave none. */
  readonly stamp: number;
  readonly address: Uint8Array;
  readonly meta: Uint8Array | null;
  readonly versions: Uint8Array;
}

/** What is known of a node by its name. */
export class Known {
  /** The name; false if it is not UTF-8, `undefined` before it is decoded. */
  name: string | false | undefined;
  facts: Facts | undefined;
  /** The address to which replies to its last probe went. */
  source: Uint8Array | undefined;
}
