/**
 * What a setting is: a row of data from which flags, configuration files, defaults and help are
 * made.
 */

/**
 * What each kind of setting holds. A later source wins, unless its `text` is empty or its `integer`
 * or `duration` is zero; a `positive` has to be above zero. A `boolean` that is true stays true. A
 * `switch` and a `span` are a boolean and a duration of which the later one always wins, even if it
 * is false or zero. Lists grow, and tags are merged. Durations are in milliseconds, not rounded.
 */
export interface KindValues {
  readonly text: string;
  readonly integer: number;
  readonly positive: number;
  readonly boolean: boolean;
  readonly switch: boolean;
  readonly duration: number;
  readonly span: number;
  readonly list: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
}

/** Names of the kinds. */
export type SettingKind = keyof KindValues;

/** How a flag looks in the help of the agent. */
export interface FlagHelp {
  /** Name, without dashes. */
  readonly flag?: string;
  /** Shown behind the name: `=addr`. */
  readonly sample?: string;
  /**
   * What it does. A setting without a text shares that of the setting before it. A line break is
   * kept in the help.
   */
  readonly help?: string;
}

interface SettingOf<Kind extends SettingKind> extends FlagHelp {
  readonly kind: Kind;
  /** Default; without one it is empty, zero or false. */
  readonly initial?: KindValues[Kind];
  /** Key in configuration files; `mdns.interface` is the key `interface` in the object `mdns`. */
  readonly key?: string;
  /** Which values are refused besides those of another kind; 0 is the default size. */
  readonly refuse?: "negative" | "not a size" | "not a crash hold" | "not blocks";
  /** Whether the flag switches the setting off. */
  readonly negated?: true;
  /** Another flag that adds to the same list. */
  readonly alias?: FlagHelp;
  /** Whether a reload of the agent (SIGHUP) takes it over. */
  readonly reload?: true;
  /** Whether Serf's own agent lacks it. */
  readonly ours?: true;
}

/** One row. */
export type Setting = { [Kind in SettingKind]: SettingOf<Kind> }[SettingKind];

/** Rows by the name of the setting, in the order of the help. */
export type SettingTable = Readonly<Record<string, Setting>>;

/** The settings of a table. */
export type ConfigOf<Table extends SettingTable> = {
  readonly [Name in keyof Table]: KindValues[Table[Name]["kind"]];
};

/** What one source gives; the rest is left as it is. */
export type LayerOf<Table extends SettingTable> = Partial<ConfigOf<Table>>;

/** The settings if nothing is configured. */
export function defaultsOf<Table extends SettingTable>(table: Table): ConfigOf<Table> {
  const values = Object.entries(table).map(([name, { kind, initial }]) => [
    name,
    initial ?? emptyValue(kind),
  ]);
  return Object.fromEntries(values) as ConfigOf<Table>;
}

function emptyValue(kind: SettingKind): KindValues[SettingKind] {
  switch (kind) {
    case "text":
      return "";
    case "integer":
    case "positive":
    case "duration":
    case "span":
      return 0;
    case "boolean":
    case "switch":
      return false;
    case "list":
      return [];
    case "tags":
      return new Map();
  }
}
