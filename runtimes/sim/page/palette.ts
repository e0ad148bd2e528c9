/** The colors of the picture, from the page's style, so that light and dark are decided in one place. */

/** The names of colors: custom properties of the page's style. */
const names = [
  "ground",
  "ink",
  "muted",
  "rule",
  "node",
  "alive",
  "suspect",
  "failed",
  "left",
  "event",
  "accusation",
  "helper",
  "probe",
  "reply",
  "gossip",
  "call",
] as const;

/** Colors by their names. */
export type Palette = Readonly<Record<(typeof names)[number], string>>;

/** Reads the colors that are in force. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return read as Palette;
}
