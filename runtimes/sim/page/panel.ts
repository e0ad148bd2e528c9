/** The chosen node: what it is, what it believes, and what can be done to it. */

import { n } from "./captions.ts";
import { find, makeButton, setText } from "./dom.ts";
import type { Session } from "./session.ts";
import type { Deed } from "./setting.ts";
import { belief } from "./views.ts";

type Kind = Extract<Deed, { node: number }>["kind"];

/** A button, and its key: the first thing of the list that is possible is done. */
interface Choice {
  readonly key: string;
  readonly deeds: readonly (readonly [kind: Kind, text: string])[];
}

const choices: readonly Choice[] = [
  { key: "e", deeds: [["event", "Send event"]] },
  {
    key: "c",
    deeds: [
      ["restart", "Restart"],
      ["crash", "Crash"],
    ],
  },
  {
    key: "p",
    deeds: [
      ["resume", "Resume"],
      ["pause", "Pause"],
    ],
  },
  {
    key: "s",
    deeds: [
      ["quick", "Fast again"],
      ["slow", "Slow"],
    ],
  },
  { key: "i", deeds: [["isolate", "Cut off"]] },
  { key: "x", deeds: [["cut", "Cut a link"]] },
  { key: "l", deeds: [["leave", "Leave"]] },
];

/** The panel. */
export class Panel {
  /** The chosen node. */
  selected: number | undefined;
  readonly #act: (deed: Deed) => void;
  readonly #title = find("chosen", HTMLHeadingElement);
  readonly #stage = find("stage", HTMLDivElement);
  readonly #text = find("belief", HTMLParagraphElement);
  readonly #buttons: readonly HTMLButtonElement[];
  /** The node whose link to the node that is chosen next is to be cut. */
  #cutFrom: number | undefined;

  /** `act` is called with what the user does. */
  constructor(act: (deed: Deed) => void) {
    this.#act = act;
    this.#buttons = choices.map((choice) =>
      makeButton(choice.deeds.at(-1)![1], () => {
        const { kind } = this.#buttons[choices.indexOf(choice)]!.dataset;
        if (kind !== undefined) this.#choose(kind as Kind);
      }),
    );
    find("deeds", HTMLDivElement).append(...this.#buttons);
  }

  /** Chooses a node. */
  select(node: number | undefined): void {
    const from = this.#cutFrom;
    this.#cutFrom = undefined;
    if (from !== undefined && node !== undefined && node !== from)
      this.#act({ kind: "cut", node: from, other: node });
    this.selected = node;
  }

  /** Does what belongs to a key. Returns whether there is such a thing. */
  press(key: string): boolean {
    const index = choices.findIndex((choice) => choice.key === key);
    if (index < 0 || this.selected === undefined) return false;
    this.#buttons[index]!.click();
    return true;
  }

  /** Shows the present state. */
  show(session: Session): void {
    const { selected } = this;
    this.#buttons.forEach((button, index) => {
      const deed = possible(session, choices[index]!, selected);
      button.disabled = deed === undefined;
      const [kind, text] = deed ?? choices[index]!.deeds.at(-1)!;
      button.dataset["kind"] = kind;
      button.setAttribute("aria-pressed", String(kind === "cut" && this.#cutFrom !== undefined));
      setText(button, text);
    });
    if (selected === undefined) {
      setText(this.#title, "Choose a node");
      setText(this.#text, "Click a circle, or use the arrow keys.");
      return;
    }
    const title = `${n(selected)}: ${stateOf(session, selected)}`;
    setText(this.#title, title);
    this.#stage.setAttribute("aria-valuemax", String(session.driver.world.nodes.length - 1));
    this.#stage.setAttribute("aria-valuenow", String(selected));
    this.#stage.setAttribute("aria-valuetext", title);
    setText(
      this.#text,
      this.#cutFrom === undefined
        ? beliefOf(session, selected)
        : "Choose the node at the other end of the link.",
    );
  }

  #choose(kind: Kind): void {
    const node = this.selected;
    if (node === undefined) return;
    if (kind === "cut") this.#cutFrom = this.#cutFrom === undefined ? node : undefined;
    else this.#act({ kind, node });
  }
}

function possible(
  { driver }: Session,
  { deeds }: Choice,
  node: number | undefined,
): Choice["deeds"][number] | undefined {
  if (node === undefined) return undefined;
  return deeds.find(([kind]) => kind === "cut" || driver.allows({ kind, node }));
}

function stateOf({ driver, observer }: Session, index: number): string {
  const node = driver.world.nodes[index]!;
  const absence = driver.absence(node);
  if (absence !== undefined) return absence;
  const score = observer.score(index);
  const health = score === 0 ? "" : `, health score ${score}`;
  return (node.paused ? "stands still" : node.lateMs > 0 ? "slow" : "running") + health;
}

/** Says what a node believes of the others, and they of it. */
function beliefOf({ driver, observer: { views } }: Session, index: number): string {
  const { nodes } = driver.world;
  const counts = [0, 0, 0, 0, 0];
  for (const other of nodes) if (other.index !== index) counts[views.of(index, other.index)]! += 1;
  const its = [
    `${counts[belief.alive]} alive`,
    ...(counts[belief.suspect] === 0 ? [] : [`${counts[belief.suspect]} suspect`]),
    ...(counts[belief.dead] === 0 ? [] : [`${counts[belief.dead]} failed`]),
    ...(counts[belief.left] === 0 ? [] : [`${counts[belief.left]} left`]),
    ...(counts[belief.unknown] === 0 ? [] : [`${counts[belief.unknown]} unknown`]),
  ];
  const theirs = [
    `${views.count(index, belief.alive)} believe it alive`,
    ...(views.count(index, belief.suspect) === 0 ? [] : [`${views.count(index, belief.suspect)} suspect it`]),
    ...(views.count(index, belief.dead) === 0
      ? []
      : [`${views.count(index, belief.dead)} believe it failed`]),
    ...(views.count(index, belief.left) === 0
      ? []
      : [`${views.count(index, belief.left)} know that it left`]),
  ];
  const own = nodes[index]!.running ? `It believes of the others: ${its.join(", ")}. ` : "";
  return `${own}Of the others that run, ${theirs.join(", ")}.`;
}
