/** The list of captions, the newest first, and what a screen reader speaks of them. */

import type { Caption } from "./captions.ts";
import { find, makeText, setText } from "./dom.ts";

/** The list shows at most so many. */
const shownMax = 60;
/** A screen reader gets at most one caption in this real time. */
const spokenMs = 3_000;
/** More at once are reduced to the last ones. */
const burstMax = 20;

/** The list of captions. */
export class Chronicle {
  /** The nodes that the last caption is about. */
  spoken: readonly number[] = [];
  readonly #list = find("captions", HTMLOListElement);
  readonly #spoken = find("spoken", HTMLParagraphElement);
  #spokenAt = Number.NEGATIVE_INFINITY;
  #unspoken: string | undefined;

  /** Shows captions, and removes them from the list that it gets. */
  show(captions: Caption[], withRoutine: boolean): void {
    const shown = captions.splice(0).filter(({ weight }) => withRoutine || weight === "notable");
    for (const caption of shown.slice(-burstMax)) this.#add(caption);
    const last = shown.at(-1);
    if (last !== undefined) this.spoken = last.nodes;
    while (this.#list.childElementCount > shownMax) this.#list.lastElementChild!.remove();
  }

  /** Lets a screen reader speak the last notable caption, if enough time has passed. */
  speak(realMs: number): void {
    if (this.#unspoken === undefined || realMs - this.#spokenAt < spokenMs) return;
    setText(this.#spoken, this.#unspoken);
    this.#unspoken = undefined;
    this.#spokenAt = realMs;
  }

  /** Removes all captions. */
  clear(): void {
    this.#list.replaceChildren();
    this.spoken = [];
    this.#unspoken = undefined;
  }

  #add({ at, text, weight }: Caption): void {
    const item = document.createElement("li");
    item.className = weight;
    item.append(makeText("time", `${(at / 1000).toFixed(2)} s`), makeText("span", text));
    this.#list.prepend(item);
    if (weight === "notable") this.#unspoken = text;
  }
}
