/**
 * Times as Go's `time` package prints them, in local time.
 */

/** `2026-11-23 10:57:09.006 +0000 UTC`, from milliseconds since 1970-01-01 UTC. */
export function timeText(wallMs: number): string {
  const at = new Date(wallMs);
  const fraction = String(at.getMilliseconds()).padStart(3, "0").replace(/0+$/, "");
  return `${localTime(at, "-")}${fraction === "" ? "" : `.${fraction}`} ${zoneText(at)}`;
}

/** `2026-11-23 10:57:09`, with another mark in the date if that is asked for. */
export function localTime(at: Date, mark: "-" | "/"): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join(mark);
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** ` m=+3.005769149`: what follows a time that was read from the running clock, with the age of the program. */
export function ageText(ageMs: number): string {
  return ` m=+${(ageMs / 1000).toFixed(9)}`;
}

/** Offset and name; a zone without a name that Go knows is called by its offset, as it is there. */
function zoneText(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const digits = (number: number): string => String(Math.trunc(Math.abs(number))).padStart(2, "0");
  const sign = minutes < 0 ? "-" : "+";
  const offset = `${sign}${digits(minutes / 60)}${digits(minutes % 60)}`;
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(at);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  return `${offset} ${/^[A-Z]{3,5}$/.test(name) ? name : offset.replace(/00$/, "")}`;
}
