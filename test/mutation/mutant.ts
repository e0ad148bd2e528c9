/** What a mutant is, and how it is applied to the text of its file. */

/** One fault of one line that somebody could write into the core. */
export interface Mutant {
  /** What is wrong then, as a sentence. */
  readonly name: string;
  /** The source, relative to the folder of package.json. */
  readonly file: string;
  /** Occurs exactly once in the source. */
  readonly find: string;
  readonly replace: string;
  /** Why no test can notice it, if none can. */
  readonly survives?: string;
}

/** What a row of the data says: name, what is replaced, by what, and why it survives. */
export type Row = readonly [name: string, find: string, replace: string, survives?: string];

/** Makes the mutants of one file. */
export function faultsIn(file: string, rows: readonly Row[]): Mutant[] {
  return rows.map(([name, find, replace, survives]) => ({
    name,
    file,
    find,
    replace,
    ...(survives === undefined ? {} : { survives }),
  }));
}

/** How often the text to replace occurs in a source. */
export function occurrences({ find }: Mutant, text: string): number {
  return text.split(find).length - 1;
}

/** Returns the source with the fault in it. */
export function mutated({ name, find, replace }: Mutant, text: string): string {
  const at = text.indexOf(find);
  if (at < 0) throw new Error(`"${name}" no longer applies`);
  return text.slice(0, at) + replace + text.slice(at + find.length);
}
