/**
 * A plugin for rolldown. When a module that is imported later lies in a part with others, rolldown writes a file that only passes on
 * what the part exports under shorter names. Each of them would be looked for, read and linked: here `import()` goes to the part itself.
 */
import { posix } from "node:path";

const passingOn = /^export \{ ([^}]+) \} from "(\.[^"]+)";\s*(\/\/# sourceMappingURL=.*\s*)?$/;
const later = /\bimport\("(\.[^"]+)"\)/g;

/** Returns the plugin. */
export function withoutFacades() {
  return {
    name: "without-facades",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter(({ type }) => type === "chunk");
      const facades = new Map(chunks.map((chunk) => [chunk.fileName, facadeOf(chunk)]));
      for (const chunk of chunks) {
        const folder = posix.dirname(chunk.fileName);
        chunk.code = chunk.code.replaceAll(later, (call, path) => {
          const facade = facades.get(posix.join(folder, path));
          if (facade === undefined) return call;
          const target = posix.relative(folder, facade.target);
          const place = target.startsWith(".") ? target : `./${target}`;
          return `import("${place}").then((part) => ({ ${facade.fields} }))`;
        });
      }
      for (const [name, facade] of facades) {
        if (facade === undefined) continue;
        delete bundle[name];
        delete bundle[`${name}.map`];
      }
    },
  };
}

/** Returns the part behind a file that only passes on, and the fields to make of it; otherwise `undefined`. */
function facadeOf({ fileName, code, isDynamicEntry }) {
  const [, names, path] = (isDynamicEntry && passingOn.exec(code)) || [];
  if (names === undefined) return undefined;
  const fields = names.split(", ").map((name) => {
    const [inner, outer = inner] = name.split(" as ");
    return `${outer}: part.${inner}`;
  });
  return { target: posix.join(posix.dirname(fileName), path), fields: fields.join(", ") };
}
