/**
 * The WebAssembly instances of one codec: a permanent one for packets and small frames, and a larger
 * one for anything else, which is kept for the next large frame unless it has grown too large.
 */

import { Engine } from "./engine.ts";
import { Limits } from "./limits.ts";

/** A large instance is dropped after use if its memory has more bytes than this. */
const keptMax = 4_194_304;
/** The least size of both arenas of a large instance, so that one serves most frames. */
const largeMin = 262_144;
/** Up to this size, arenas are doubled, so that the next frame fits if it is a little larger. */
const doubledMax = 1_048_576;

/** Creates the instances of one codec, and keeps them for further use. */
export class Engines {
  readonly #label: Uint8Array;
  #keys: readonly Uint8Array[] = [];
  /** Created at its first use with the current key ring. */
  #permanent: Engine | undefined;
  /** The large instance, while nobody uses it. */
  #large: Engine | undefined;

  constructor(label: Uint8Array) {
    this.#label = label;
  }

  /** The key ring of the instances. */
  get keys(): readonly Uint8Array[] {
    return this.#keys;
  }

  /** Replaces the key ring. No instance with the old one is used again. */
  setKeys(keys: readonly Uint8Array[]): void {
    this.#keys = keys;
    // Erase expanded keys at once: the garbage collector may leave them in memory for long.
    this.#permanent?.bytes.fill(0);
    this.#large?.bytes.fill(0);
    this.#permanent = undefined;
    this.#large = undefined;
  }

  /** The instance for packets and small frames. */
  get permanent(): Engine {
    this.#permanent ??= this.#create(Limits.packet, Limits.packetDecompressed, Limits.packetDecompressed);
    return this.#permanent;
  }

  /** Returns the permanent instance if the sizes fit it, else a large one. To be given back. */
  take(inputSize: number, outputSize: number): Engine {
    const fits = inputSize <= Limits.packet && outputSize <= Limits.packetDecompressed;
    return fits ? this.permanent : this.takeLarge(inputSize, outputSize);
  }

  /**
   * Returns an instance with arenas of at least these sizes, which nobody else uses until it is given
   * back. It decompresses as much as a frame may have.
   */
  takeLarge(inputSize: number, outputSize: number): Engine {
    const large = this.#large;
    if (large !== undefined && inputSize <= large.setup.inputSize && outputSize <= large.setup.outputSize) {
      this.#large = undefined;
      return large;
    }
    return this.#create(roomFor(inputSize), roomFor(outputSize), Limits.decompressed);
  }

  /** Leaves no text in an instance that is used again, and drops one that is not. */
  giveBack(engine: Engine): void {
    if (engine === this.#permanent) engine.run.clear();
    else if (engine.setup.keys !== this.#keys) engine.bytes.fill(0);
    else if (engine.bytes.length <= keptMax) {
      engine.run.clear();
      this.#large = engine;
    }
  }

  #create(inputSize: number, outputSize: number, outputLimit: number): Engine {
    return new Engine({ label: this.#label, keys: this.#keys, inputSize, outputSize, outputLimit });
  }
}

function roomFor(size: number): number {
  if (size > doubledMax) return size;
  let room = largeMin;
  while (room < size) room *= 2;
  return room;
}
