/**
 * Durations as Go writes them ("1h30m", "250ms"), because flags, configuration files and log lines of Serf use that form.
 * Values are whole nanoseconds in a bigint, as wide as Go's own.
 */

const nanosecondsPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, micro sign
  μs: 1_000n, // U+03BC, Greek letter mu
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const nanosecondsPerMillisecond = 1_000_000;

const int64Max = 2n ** 63n - 1n;

/** Text that is not a duration; the message is Go's, starting with `time: `. */
export class DurationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DurationError";
  }
}

/** Reads `[+-]` and one or more numbers with units, or a bare `0`. Throws {@link DurationError}. */
export function parseDuration(text: string): bigint {
  const quoted = `"${text}"`;
  const negative = text.startsWith("-");
  let rest = negative || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") throw new DurationError(`time: invalid duration ${quoted}`);
  let total = 0n;
  while (rest !== "") {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest)!;
    const [matched, whole = "", fraction = ""] = number;
    if (whole === "" && fraction === "") throw new DurationError(`time: invalid duration ${quoted}`);
    rest = rest.slice(matched.length);
    const unit = /^[^\d.]*/.exec(rest)![0];
    if (unit === "") throw new DurationError(`time: missing unit in duration ${quoted}`);
    const scale = Object.hasOwn(nanosecondsPerUnit, unit) ? nanosecondsPerUnit[unit] : undefined;
    if (scale === undefined) throw new DurationError(`time: unknown unit "${unit}" in duration ${quoted}`);
    rest = rest.slice(unit.length);
    // Digits past the eighteenth of a fraction are below one nanosecond for every unit that Go has.
    const digits = fraction.slice(0, 18);
    total += BigInt(whole || "0") * scale + (BigInt(digits || "0") * scale) / 10n ** BigInt(digits.length);
    if (total > int64Max + (negative ? 1n : 0n)) throw new DurationError(`time: invalid duration ${quoted}`);
  }
  return negative ? -total : total;
}

/** Writes nanoseconds as Go prints them: `30s`, `1m0s`, `1.5ms`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const seconds = `${decimal(size % 60_000_000_000n, 1_000_000_000n)}s`;
  const minutes = size / 60_000_000_000n;
  if (minutes === 0n) return sign + seconds;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** Milliseconds of a duration, not rounded. */
export function toMilliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / nanosecondsPerMillisecond;
}

/** A duration of so many milliseconds, to the nearest nanosecond. */
export function fromMilliseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * nanosecondsPerMillisecond));
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, "0")
    .replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}
