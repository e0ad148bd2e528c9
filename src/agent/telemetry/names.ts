/**
 * Names of measurements as they go out. Some end in what others chose, such as the name of an event, so they are bounded and cannot
 * forge further lines.
 */

/** Longer names are cut. */
export const nameLengthMax = 512;

/** A name that is not too long; never a view into a longer text, which would be kept with it. */
export function boundedName(name: string): string {
  if (name.length <= nameLengthMax) return name;
  return Array.from({ length: nameLengthMax }, (_, index) => name[index]).join("");
}

/** A name for a line of text: blanks and control characters become `_`. */
export function printedName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to go
  return name.replace(/[\u0000-\u0020\u007f-\u009f]/g, "_");
}

/** A name for a server of measurements, where a colon ends it. */
export function sentName(name: string): string {
  return printedName(name).replaceAll(":", "_");
}
