/** Faults in what both stand on: timers, jobs, numbers, the wire and coordinates. */

import { faultsIn, type Mutant } from "./mutant.ts";

/** The faults. */
export const groundMutants: readonly Mutant[] = [
  ...faultsIn("src/core/timers.ts", [
    [
      "timers of one moment run in any order",
      "left.at < right.at || (left.at === right.at && left.order < right.order)",
      "left.at < right.at",
    ],
    [
      "a timer is early by a millisecond",
      "first.at > now) return undefined;",
      "first.at > now + 1) return undefined;",
    ],
    ["deleted timers fire", "if (first === undefined || first.live) return;", "return;"],
    [
      "the heap ignores its last child",
      "if (child < this.#heap.length &&",
      "if (child < this.#heap.length - 1 &&",
    ],
  ]),
  ...faultsIn("src/core/jobs.ts", [
    ["a second slice is not armed", "if (this.#waiting.length > 0) this.#arm(now + 1);", ""],
    ["unwanted jobs run on", "isWanted() ? job.next() : job.return()", "job.next()"],
    ["stopped jobs are not ended", "for (const { job } of waiting) job.return();", ""],
  ]),
  ...faultsIn("src/core/log_limit.ts", [
    ["one line more passes", "if (bucket.passed >= max) {", "if (bucket.passed > max) {"],
    ["omitted lines are not summed up", "bucket.omitted += 1;", ""],
  ]),
  ...faultsIn("src/core/math.ts", [
    [
      "broadcasts of ten nodes are sent as often as those of nine",
      "while (power < count + 1) {",
      "while (power < count) {",
    ],
    [
      "the push/pull interval grows one node early",
      "count > threshold; threshold",
      "count >= threshold; threshold",
    ],
  ]),
  ...faultsIn("src/core/random.ts", [
    ["a draw is biased", "if (drawn < limit) return drawn % bound;", "return drawn % bound;"],
    [
      "the last item is never moved",
      "const other = this.below(last + 1);",
      "const other = this.below(last);",
    ],
  ]),
  ...faultsIn("src/core/linked_rows.ts", [
    [
      "the last row of a list is lost",
      "if (next === noRow) list.last = previous;",
      "if (next === noRow) return;",
    ],
  ]),
  ...faultsIn("src/core/name_index.ts", [
    [
      "a split bucket keeps its rows",
      "this.#push(this.#bucketOf(this.hash(row)), row);",
      "this.#push(old, row);",
    ],
    [
      "a deleted name is still counted",
      "this.#count -= 1;",
      "",
      "the table of names grows sooner, which changes speed only",
    ],
  ]),
  ...faultsIn("src/core/wire/msgpack.ts", [
    [
      "strings of 32 bytes have a short header",
      "if (bytes.length < 32) this.#byte",
      "if (bytes.length <= 32) this.#byte",
    ],
    ["signed numbers are read as unsigned", "const signed = tag >= 0xd0;", "const signed = false;"],
    [
      "a message that is cut short is read",
      "if (this.#at + count > this.#bytes.length) throw",
      "if (this.#at > this.#bytes.length) throw",
    ],
    ["nesting is unlimited", "if (depth > Size.nestingMax) throw", "if (false) throw"],
    ["the count of a list is not checked", "this.#require(count * valuesPerEntry);", ""],
  ]),
  ...faultsIn("src/core/wire/scanner.ts", [
    ["maps have half their values", "pending += 2 * (head & 15);", "pending += head & 15;"],
    [
      "a header that ends the buffer is read",
      "if (at + lengthBytes >= count) break;",
      "if (at + lengthBytes > count) break;",
    ],
  ]),
  ...faultsIn("src/core/wire/frame.ts", [
    [
      "a wrong label of the right length is accepted",
      "if (label.some((byte, index) => byte !== this.#arrived[2 + index])) {",
      "if (false) {",
    ],
    [
      "plain streams are accepted in an encrypted cluster",
      "if (this.#codec.encrypted && this.#verifyIncoming) {",
      "if (false) {",
    ],
    ["encrypted frames are unlimited", "if (length > Limits.frame) {", "if (false) {"],
    [
      "an accepting node reads acks",
      "if (message !== undefined && this.#accepting) checkRequest(message);",
      "",
    ],
  ]),
  ...faultsIn("src/core/wire/records.ts", [
    [
      "dead is read as suspect",
      'words[at + Slot.type] === MessageType.suspect ? "suspect" : "dead"',
      '"suspect"',
    ],
    ["the nack flag is not sent", "this.number(Slot.flag, message.nack ? 1 : 0);", ""],
    ["versions are taken from the entry before", "if (same === length) return known;", "return known;"],
    ["a node keeps its first meta", "last?.stamp === stamp", "last !== undefined"],
  ]),
  ...faultsIn("src/core/wire/stream.ts", [
    ["a user state may end early", 'if (length > end - at) throw new WireError("message ends early");', ""],
  ]),
  ...faultsIn("src/core/coordinate/client.ts", [
    [
      "the latency filter keeps every sample",
      "if (recent.length > vivaldi.latencyFilterSize) recent.shift();",
      "",
    ],
    ["the error exceeds its maximum", "Math.min(blended, vivaldi.errorMax)", "blended"],
    ["an invalid coordinate is kept", "this.#place(this.#origin);", ""],
    [
      "any round trip time is accepted",
      "if (!(seconds >= 0 && seconds <= vivaldi.roundTripMax))",
      "if (!(seconds >= 0))",
    ],
    ["coordinates drift", "applyForce(this.#moving, -1 * pull * pull, this.#origin, this.#random);", ""],
  ]),
  ...faultsIn("src/core/coordinate/coordinate.ts", [
    ["adjustments are ignored", "(adjusted > 0 ? adjusted : raw)", "raw"],
    [
      "a height may be negative",
      "moving.height = Math.max(height, vivaldi.heightMin);",
      "moving.height = height;",
    ],
    [
      "the force pulls instead of pushing",
      "vec[index]! += (vec[index]! - other.vec[index]!) * factor * force;",
      "vec[index]! -= (vec[index]! - other.vec[index]!) * factor * force;",
    ],
  ]),
];
