/**
 * A plugin for rolldown. V8 keeps the source of a file as long as its functions, with one byte for each character, or with two if a single
 * character does not fit into one. So all that is not ASCII is written as an escape, which means the same in texts, patterns and names.
 */

/** Returns the plugin. */
export function asAscii() {
  return {
    name: "as-ascii",
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) if (chunk.type === "chunk") chunk.code = escaped(chunk.code);
    },
  };
}

function escaped(code) {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
