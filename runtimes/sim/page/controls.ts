/** The controls beside the picture: time, the network, and new clusters. */

import { find, makeButton, setText } from "./dom.ts";
import { type Pace, speeds } from "./pace.ts";
import type { Session } from "./session.ts";
import { bounds, type Deed, type Setting, within } from "./setting.ts";

/** What the controls ask of the page. */
export interface Controlled {
  /** Does something to the cluster. */
  act(deed: Deed): void;
  /** Starts another cluster. */
  start(setting: Setting): void;
  /** Returns a link that replays everything up to now. */
  link(): string;
  /** Returns a random number below 2^32. */
  random(): number;
}

const sizes = [3, 5, 10, 16, 20, 30, 50, 100, 200, 300];

/** The controls. */
export class Controls {
  readonly #page: Controlled;
  readonly #pace: Pace;
  readonly #play = find("play", HTMLButtonElement);
  readonly #speeds: readonly HTMLButtonElement[];
  readonly #latency = find("latency", HTMLInputElement);
  readonly #loss = find("loss", HTMLInputElement);
  readonly #split = find("split", HTMLButtonElement);
  readonly #heal = find("heal", HTMLButtonElement);
  readonly #nodes = find("nodes", HTMLSelectElement);
  readonly #profile = find("profile", HTMLSelectElement);
  readonly #seed = find("seed", HTMLInputElement);
  readonly #linked = find("linked", HTMLParagraphElement);

  constructor(page: Controlled, pace: Pace) {
    this.#page = page;
    this.#pace = pace;
    this.#play.addEventListener("click", () => this.togglePlay());
    this.#speeds = speeds.map((speed) => {
      const button = makeButton(speed === Number.POSITIVE_INFINITY ? "max" : `${speed}×`, () =>
        this.setSpeed(speed),
      );
      button.setAttribute("role", "radio");
      if (speed === Number.POSITIVE_INFINITY) button.title = "as fast as possible";
      return button;
    });
    find("speeds", HTMLSpanElement).append(...this.#speeds);
    for (const kind of ["latency", "loss"] as const) {
      const input = kind === "latency" ? this.#latency : this.#loss;
      input.addEventListener("change", () => page.act({ kind, value: Number(input.value) }));
      input.addEventListener("input", () => this.#showNetwork());
    }
    this.#split.addEventListener("click", () => page.act({ kind: "split" }));
    this.#heal.addEventListener("click", () => page.act({ kind: "heal" }));
    find("setting", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
    find("dice", HTMLButtonElement).addEventListener("click", () => {
      this.#seed.value = String(page.random());
      this.#start();
    });
    find("link", HTMLButtonElement).addEventListener("click", () => void this.#copyLink());
  }

  /** Pauses time, or lets it pass. */
  togglePlay(): void {
    this.#pace.paused = !this.#pace.paused;
  }

  /** Sets the speed of time, and lets it pass. */
  setSpeed(speed: number): void {
    this.#pace.speed = speed;
    this.#pace.paused = false;
  }

  /** Fills the fields from a setting. */
  fill({ nodes, profile, seed, latency, loss }: Setting): void {
    const options = [...new Set([...sizes, nodes])].sort((a, b) => a - b);
    this.#nodes.replaceChildren(...options.map((size) => new Option(String(size), String(size))));
    this.#nodes.value = String(nodes);
    this.#profile.value = profile;
    this.#seed.value = String(seed);
    this.#latency.value = String(latency);
    this.#loss.value = String(loss);
    this.#showNetwork();
    setText(this.#linked, "");
  }

  /** Shows the present state. */
  show({ driver }: Session): void {
    const { paused, speed } = this.#pace;
    const isReplaying = this.#pace.isReplaying(driver);
    setText(this.#play, isReplaying ? "Replaying" : paused ? "Play" : "Pause");
    this.#play.disabled = isReplaying;
    this.#speeds.forEach((button, index) => {
      const isChosen = speeds[index] === speed;
      button.setAttribute("aria-checked", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
    });
    this.#split.disabled = !driver.allows({ kind: "split" });
    this.#heal.disabled = !driver.allows({ kind: "heal" });
  }

  #showNetwork(): void {
    setText(find("latency-text", HTMLOutputElement), `${this.#latency.value} ms`);
    setText(find("loss-text", HTMLOutputElement), `${this.#loss.value} %`);
  }

  #start(): void {
    const [least, most] = bounds.seed;
    const seed = within("seed", this.#seed.value.trim());
    if (seed === undefined) {
      setText(this.#linked, `The seed is a whole number from ${least} to ${most}.`);
      return;
    }
    const profile = this.#profile.value as Setting["profile"];
    const [latency, loss] = [Number(this.#latency.value), Number(this.#loss.value)];
    this.#page.start({ nodes: Number(this.#nodes.value), seed, profile, latency, loss, actions: [] });
  }

  async #copyLink(): Promise<void> {
    const link = this.#page.link();
    try {
      await navigator.clipboard.writeText(link);
      setText(this.#linked, "The link is copied. It replays everything up to this moment.");
    } catch {
      setText(this.#linked, "The link is in the address bar. It replays everything up to this moment.");
    }
  }
}
