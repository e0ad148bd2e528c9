/**
 * One instance of the WebAssembly module: its memory, laid out for a key ring and for sizes that are fixed at birth. A new key ring
 * or a larger frame means a new instance; memory never shrinks, so what is large is dropped with its instance.
 */

import { moduleBase64 } from "../../../wasm/module.ts";
import { SerfError } from "../../errors.ts";
import { Size } from "./abi.ts";

/** The exported functions; `wasm/README.md` describes them. Addresses are byte offsets into the memory. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  configure(keys: number, inputSize: number, outputSize: number, outputLimit: number): number;
  setLabel(length: number): void;
  addKey(length: number): void;
  open(length: number, verify: number): number;
  seal(count: number, flags: number): number;
  openFrame(length: number): number;
  useInput(length: number): void;
  decodeMany(shape: number, count: number, at: number): number;
  sealFrame(length: number, flags: number, labelHeader: number): number;
  encode(shape: number): number;
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

/** What an instance is made for. */
export interface EngineSetup {
  readonly label: Uint8Array;
  readonly keys: readonly Uint8Array[];
  readonly inputSize: number;
  /** Room for the result of sealing and encoding, and for decompressed bytes to begin with. */
  readonly outputSize: number;
  /** How much may be decompressed. */
  readonly outputLimit: number;
}

/** A text of a peer is not UTF-8. */
export class TextFault extends Error {}

const compiled: WebAssembly.Module = new WebAssembly.Module(bytesOf(moduleBase64));
const decoder: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Owns an instance and the views of its memory. */
export class Engine {
  /** The exported functions. */
  readonly run: Exports;
  /** Where the input begins. */
  readonly input: number;
  /** Where `encode` writes. */
  readonly output: number;
  /** The table of decoded records, as an index of 32-bit words. */
  readonly recordsWord: number;
  /** The record to encode, as an index of 32-bit words. */
  readonly draftWord: number;
  #bytes: Uint8Array;
  #words: Int32Array;
  #nonce: Uint8Array;
  /** Names by the number the module gave them; `null` for those that are not UTF-8. */
  #names: (string | null | undefined)[] = [];

  /** Throws a SerfError with `ERR_LIMIT` if the memory cannot be had. */
  constructor(setup: EngineSetup) {
    this.run = new WebAssembly.Instance(compiled).exports as unknown as Exports;
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

  /** Where the nonce of the next sealing goes. */
  get nonce(): Uint8Array {
    if (this.#nonce.length === 0) this.#view();
    return this.#nonce;
  }

  /** The memory as bytes. Not to be kept across calls into the module: growing detaches a view, which then has no length. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#view();
    return this.#bytes;
  }

  /** The memory as signed 32-bit words. Not to be kept across calls into the module. */
  get words(): Int32Array {
    if (this.#words.length === 0) this.#view();
    return this.#words;
  }

  /** A copy of `length` bytes of the memory. */
  copy(at: number, length: number): Uint8Array {
    return this.bytes.slice(at, at + length);
  }

  /** The text of `length` bytes. Throws a TextFault if it is not UTF-8. */
  text(at: number, length: number): string {
    if (length === 0) return "";
    try {
      return decoder.decode(this.bytes.subarray(at, at + length));
    } catch {
      throw new TextFault("text is not UTF-8");
    }
  }

  /** Like `text`, remembered under the `number` that the module gave the name, unless that is 0. */
  name(at: number, length: number, number: number): string {
    if (number === 0) return this.text(at, length);
    const known = this.#names[number];
    if (typeof known === "string") return known;
    if (known === null) throw new TextFault("name is not UTF-8");
    this.#names[number] = null;
    return (this.#names[number] = this.text(at, length));
  }

  /** Forgets all names; the module has begun to count anew. */
  forgetNames(): void {
    this.#names = [];
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

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
