/** The card of the guided tour. */

import { find, makeButton, makeText } from "./dom.ts";
import type { Session } from "./session.ts";
import { type Step, steps } from "./tour.ts";

/** What the guide asks of the page. */
export interface Guided {
  /** Starts the cluster of the tour. */
  restart(): void;
  /** Returns the present run. */
  current(): Session;
  /** Sets the speed of time, and lets time pass. */
  play(speed: number): void;
}

/** The guide. */
export class Guide {
  readonly #card = find("guide", HTMLElement);
  readonly #page: Guided;
  #at: number | undefined;
  #isOver = false;

  constructor(page: Guided) {
    this.#page = page;
    this.#invite();
  }

  /** Whether the tour runs. */
  get running(): boolean {
    return this.#at !== undefined;
  }

  /** Goes to the next step; after the last one the tour is over. */
  next(): void {
    const at = this.#at === undefined ? 0 : this.#at + 1;
    if (at === 0) this.#page.restart();
    if (at >= steps.length) {
      this.end();
      return;
    }
    this.#at = at;
    this.#isOver = false;
    const step = steps[at]!;
    step.begin(this.#page.current());
    this.#page.play(step.speed);
    this.#show(step, at);
  }

  /** Looks whether the present step is over. */
  look(): void {
    if (this.#at === undefined || this.#isOver) return;
    const step = steps[this.#at]!;
    if (!step.isOver(this.#page.current())) return;
    this.#isOver = true;
    this.#show(step, this.#at);
  }

  /** Ends the tour. */
  end(): void {
    this.#at = undefined;
    this.#invite();
  }

  #invite(): void {
    this.#card.dataset["step"] = "";
    this.#card.dataset["over"] = "";
    this.#card.replaceChildren(
      makeText("h2", "New to gossip?"),
      makeText("p", `A tour in ${steps.length} steps: join, event, crash, refutation, partition, Lifeguard.`),
      buttons(primary(makeButton("Start the tour", () => this.next()))),
    );
  }

  #show({ title, text, result }: Step, at: number): void {
    const isLast = at === steps.length - 1;
    const next = makeButton(isLast ? "Finish" : this.#isOver ? "Next" : "Skip", () => this.next());
    if (this.#isOver) primary(next);
    this.#card.dataset["step"] = String(at + 1);
    this.#card.dataset["over"] = String(this.#isOver);
    const hadFocus = this.#card.contains(document.activeElement);
    this.#card.replaceChildren(
      makeText("p", `Step ${at + 1} of ${steps.length}`, "step"),
      makeText("h2", title),
      makeText("p", text),
      makeText("p", this.#isOver ? result : "Watch …", this.#isOver ? "result" : "hint"),
      buttons(
        next,
        makeButton("End the tour", () => this.end()),
      ),
    );
    if (hadFocus) next.focus({ preventScroll: true });
  }
}

function buttons(...list: readonly HTMLButtonElement[]): HTMLElement {
  const row = makeText("div", "", "buttons");
  row.append(...list);
  return row;
}

function primary(button: HTMLButtonElement): HTMLButtonElement {
  button.className = "primary";
  return button;
}
