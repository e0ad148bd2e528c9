/**
 * A plugin for rolldown. When a module that is imported later lies in a part with others, rolldown writes a file that only passes on
 * what the part exports under shorter names. Each of them would be looked for, read and linked: here `import()` goes to the part itself.
 * A part that imports itself so, because a command lies in it that is imported when it is called, takes its own names.
 */
import { posix } from "node:path";

const passingOn = /^export \{ ([^}]+) \} from "(\.[^"]+)";\s*(\/\/# sourceMappingURL=.*\s*)?$/;
const exporting = /^export \{ ([^}]+) \};$/gm;
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
        /** What it imports of itself. Functions beside all others give it, where no inner name hides those of the part. */
        const own = [];
        chunk.code = chunk.code.replaceAll(later, (call, path) => {
          const facade = facades.get(posix.join(folder, path));
          if (facade === undefined) return call;
          if (facade.target === chunk.fileName) {
            if (!own.includes(facade)) own.push(facade);
            return `Promise.resolve().then(ownPart${own.indexOf(facade)})`;
          }
          const target = posix.relative(folder, facade.target);
          const place = target.startsWith(".") ? target : `./${target}`;
          const fields = facade.names.map(([inner, outer]) => `${outer}: part.${inner}`);
          return `import("${place}").then((part) => ({ ${fields.join(", ")} }))`;
        });
        const functions = own.map(
          (facade, index) => `function ownPart${index}() { return { ${ownFields(facade, chunk)} }; }\n`,
        );
        chunk.code = chunk.code.replace(/^(?=export \{)/m, functions.join(""));
      }
      for (const [name, facade] of facades) {
        if (facade === undefined) continue;
        delete bundle[name];
        delete bundle[`${name}.map`];
      }
    },
  };
}

/** Returns the part behind a file that only passes on, and the names that it gives what the part exports; otherwise `undefined`. */
function facadeOf({ fileName, code, isDynamicEntry }) {
  const [, names, path] = (isDynamicEntry && passingOn.exec(code)) || [];
  if (names === undefined) return undefined;
  return { target: posix.join(posix.dirname(fileName), path), names: pairsOf(names) };
}

/** Returns the fields for what a part passes on to itself. */
function ownFields({ names }, { fileName, code }) {
  const exported = new Map(
    [...code.matchAll(exporting)].flatMap(([, list]) => pairsOf(list).map(([a, b]) => [b, a])),
  );
  const fields = names.map(([inner, outer]) => {
    if (!exported.has(inner)) throw new Error(`${fileName} does not export ${inner}`);
    return `${outer}: ${exported.get(inner)}`;
  });
  return fields.join(", ");
}

/** Returns the inner and the outer name of each of `a as b, c`. */
function pairsOf(names) {
  return names.split(", ").map((name) => {
    const [inner, outer = inner] = name.split(" as ");
    return [inner, outer];
  });
}
