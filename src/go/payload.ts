/**
 * Events and replies with a payload, as programs get them: plain data, which can be cloned. What plain data cannot have, the payload as text
 * or as the value of its JSON and the JSON of the whole, are methods of the prototype.
 */

import { messageOf, SerfError } from "../errors.ts";
import { encodeBase64 } from "./base64.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What an event or a reply has at least. An event has a name, and a reply says whom it is from. */
interface Fields {
  readonly type: string;
  readonly name?: string;
  readonly from?: string;
  readonly payload: Uint8Array;
}

/** The fields of an event or a reply, with methods. */
export class PayloadRecord {
  constructor(fields: Fields) {
    Object.assign(this, fields);
  }

  /** Returns the payload as text; bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return decoder.decode((this as unknown as Fields).payload);
  }

  /** Returns the value that the payload's JSON stands for. Throws SerfError (ERR_WIRE) if it is none. */
  json(): unknown {
    try {
      return JSON.parse(this.text());
    } catch (cause) {
      const { type, name, from } = this as unknown as Fields;
      const what = from === undefined ? (type === "user" ? "event" : type) : "reply of";
      const message = `Cannot read the payload of the ${what} ${JSON.stringify(from ?? name)} as JSON: ${messageOf(cause)}`;
      throw new SerfError("ERR_WIRE", message, { cause });
    }
  }

  /**
   * Returns the fields for JSON: a 64-bit integer is a number, or text if a number cannot hold it
   * exactly; bytes are base64, as Go encodes them.
   */
  toJSON(): object {
    return Object.fromEntries(Object.entries(this).map(([name, value]) => [name, plain(value)]));
  }
}

/** Returns the fields of an event or a reply as frozen data with the methods of {@link PayloadRecord}. */
export function withPayload<const Given extends Fields>(fields: Given): Given & PayloadRecord {
  return Object.freeze(new PayloadRecord(fields)) as Given & PayloadRecord;
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
