/**
 * Malformed input from the network: counted, and logged at a limited rate.
 */

import { joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { log, type SwimContext } from "./context.ts";

/** Counts and logs malformed input. */
export class Faults {
  readonly #context: SwimContext;
  #count = 0;

  constructor(context: SwimContext) {
    this.#context = context;
  }

  /** The number of faults since the start. */
  get count(): number {
    return this.#count;
  }

  /** Counts one fault of a sender, and logs it. */
  report(from: Address, text: string): void {
    this.#count += 1;
    log(this.#context, "ERR", `${text} from=${joinHostPort(from.host, from.port)}`, "packet");
  }
}
