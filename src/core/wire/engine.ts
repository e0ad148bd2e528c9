/**
 * One instance of the WebAssembly module and its memory, whose layout is fixed when it is created,
 * for a key ring and for maximum sizes. A new key ring or a larger frame needs a new instance. The
 * memory never shrinks, so an instance for a large frame is dropped after use.
 */

import { SerfError } from "../../errors.ts";
import { Size } from "./abi.ts";
import { Known } from "./known.ts";
import { type Build, instantiate } from "./module.ts";

/**
 * The exported functions, which `wasm/README.md` describes. Addresses are byte offsets into the
 * memory.
 */
interface Exports {
  /** A `WebAssembly.Memory`, a name that programs without the types of a browser lack. */
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(keys: number, inputSize: number, outputSize: number, outputLimit: number): number;
  setLabel(length: number): void;
  addKey(length: number): void;
  open(length: number, verify: number): number;
  seal(count: number, flags: number): number;
  openFrame(length: number): number;
  openMore(): number;
  useInput(length: number): void;
  decodeMany(shape: number, count: number, at: number): number;
  sealFrame(length: number, flags: number, labelHeader: number): number;
  sealMore(): number;
  encode(type: number, drafted: number): number;
  encodeAndSeal(type: number, drafted: number, flags: number): number;
  encodeMany(shape: number, count: number, drafted: number): number;
  clear(): void;
  label(): number;
  nonce(): number;
  draft(): number;
  records(): number;
  faults(): number;
  faultCount(): number;
  input(): number;
  output(): number;
  result(): number;
  message(): number;
  decodedTo(): number;
  forgotInPacket(): number;
  forgotInStream(): number;
}

/** The key ring and the sizes that an instance is created for. */
export interface EngineSetup {
  readonly label: Uint8Array;
  readonly keys: readonly Uint8Array[];
  readonly inputSize: number;
  /** Bytes reserved for compressed bytes or what is to be encoded, and at first for decompressed bytes. */
  readonly outputSize: number;
  /** The maximum number of decompressed bytes. */
  readonly outputLimit: number;
  /** The build of the module; the fastest that the runtime can run if it is not given. */
  readonly build?: Build;
}

/** Text from a peer is not UTF-8. */
export class TextFault extends Error {}

/** The size of the buffer that packets share. */
const slabSize = 16_384;
/** The maximum size of what is copied faster by a loop. */
const shortMax = 24;
const decoder: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** An instance of the module with views of its memory. */
export class Engine {
  /** What the instance was created for. */
  readonly setup: EngineSetup;
  /** The exported functions. */
  readonly run: Exports;
  /** The address of the input. */
  readonly input: number;
  /** The address of the text and bytes of the records to encode. */
  readonly output: number;
  /** The index of the table of decoded records among the 32-bit words. */
  readonly recordsWord: number;
  /** The index of the record to encode among the 32-bit words. */
  readonly draftWord: number;
  #bytes: Uint8Array;
  #words: Int32Array;
  #nonce: Uint8Array;
  /** What is known of nodes, by the number that the module gave their names. */
  #known: (Known | undefined)[] = [];
  /** The buffer of `share`, and how much of it is taken. */
  #slab: Uint8Array<ArrayBuffer> = new Uint8Array();
  #slabUsed = 0;

  /** Throws SerfError (ERR_LIMIT) if the memory cannot be allocated. */
  constructor(setup: EngineSetup) {
    this.setup = setup;
    this.run = instantiate(setup.build) as Exports;
    const { keys, inputSize, outputSize, outputLimit } = setup;
    if (this.run.configure(keys.length, inputSize, outputSize, outputLimit) === 0) {
      throw new SerfError("ERR_LIMIT", `Cannot allocate ${inputSize + outputSize} bytes for the codec`);
    }
    this.input = this.run.input();
    this.output = this.run.output();
    this.recordsWord = this.run.records() >> 2;
    this.draftWord = this.run.draft() >> 2;
    this.#bytes = new Uint8Array(this.run.memory.buffer);
    this.#words = new Int32Array(this.run.memory.buffer);
    this.#nonce = this.#nonceView();
    this.#bytes.set(setup.label, this.run.label());
    this.run.setLabel(setup.label.length);
    for (const key of keys) {
      this.#bytes.set(key, this.input);
      this.run.addKey(key.length);
    }
  }

  /** The view of the nonce that the next sealing uses. */
  get nonce(): Uint8Array {
    if (this.#nonce.length === 0) this.#view();
    return this.#nonce;
  }

  /**
   * The memory as bytes. Do not keep it across calls into the module: when the memory grows, the
   * view is detached and its length becomes 0.
   */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#view();
    return this.#bytes;
  }

  /** The memory as signed 32-bit words. Do not keep it across calls into the module. */
  get words(): Int32Array {
    if (this.#words.length === 0) this.#view();
    return this.#words;
  }

  /** Writes bytes to the memory, short ones by a loop, which costs less than a call of `set`. */
  write(source: Uint8Array, at: number): void {
    const bytes = this.bytes;
    if (source.length > shortMax) bytes.set(source, at);
    else for (let index = 0; index < source.length; index++) bytes[at + index] = source[index]!;
  }

  /** Returns a copy of `length` bytes of the memory. */
  copy(at: number, length: number): Uint8Array {
    return this.bytes.slice(at, at + length);
  }

  /**
   * Returns a copy that shares a buffer with others, because on V8 a buffer costs several times as
   * much as a view. For packets, which are sent soon: a copy that is kept keeps the whole buffer.
   */
  share(at: number, length: number): Uint8Array {
    if (length > slabSize / 4) return this.copy(at, length);
    if (this.#slabUsed + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabSize);
      this.#slabUsed = 0;
    }
    const copy = new Uint8Array(this.#slab.buffer, this.#slabUsed, length);
    copy.set(new Uint8Array(this.bytes.buffer, at, length));
    this.#slabUsed += length;
    return copy;
  }

  /** Returns `length` bytes as text. Throws TextFault if they are not UTF-8. */
  text(at: number, length: number): string {
    if (length === 0) return "";
    try {
      return decoder.decode(this.bytes.subarray(at, at + length));
    } catch {
      throw new TextFault("text is not UTF-8");
    }
  }

  /**
   * Returns `length` bytes as a name. Unless `number` is 0, decodes them only the first time and
   * then returns the name that it stored under this number. Throws TextFault if they are not UTF-8.
   */
  name(at: number, length: number, number: number): string {
    if (number === 0) return this.text(at, length);
    const known = this.#knownBy(number);
    if (typeof known.name === "string") return known.name;
    if (known.name === false) throw new TextFault("name is not UTF-8");
    known.name = false;
    return (known.name = this.text(at, length));
  }

  /** Returns what is known of the node whose name has a `number`; `undefined` if that is 0. */
  known(number: number): Known | undefined {
    return number === 0 ? undefined : this.#knownBy(number);
  }

  #knownBy(number: number): Known {
    return (this.#known[number] ??= new Known());
  }

  /** Drops what is known by name. Call it when the module has reset its numbers. */
  forgetNames(): void {
    this.#known = [];
  }

  #view(): void {
    this.#bytes = new Uint8Array(this.run.memory.buffer);
    this.#words = new Int32Array(this.run.memory.buffer);
    this.#nonce = this.#nonceView();
  }

  #nonceView(): Uint8Array {
    return new Uint8Array(this.run.memory.buffer, this.run.nonce(), Size.nonceSize);
  }
}
