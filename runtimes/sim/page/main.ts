/** The page: a simulated cluster to watch and to break. Built into one file by `tools/page.mjs`. */

import { Chronicle } from "./chronicle.ts";
import { Controls } from "./controls.ts";
import { find, setText } from "./dom.ts";
import { Guide } from "./guide.ts";
import { Pace, speeds } from "./pace.ts";
import { readPalette } from "./palette.ts";
import { Panel } from "./panel.ts";
import { Ring } from "./ring.ts";
import { Session } from "./session.ts";
import { type Deed, fragmentOf, readFragment, type Setting } from "./setting.ts";
import { tourSetting } from "./tour.ts";

/** Texts change at most this often, in real milliseconds. */
const textMs = 100;
/** A packet takes at least this real time in the picture. */
const flightMinMs = 260;

/** The whole page. */
class Page {
  session: Session;
  readonly #pace = new Pace(() => performance.now());
  readonly #stage = find("stage", HTMLDivElement);
  readonly #canvas = find("ring", HTMLCanvasElement);
  readonly #ring = new Ring(this.#canvas);
  readonly #panel = new Panel((deed) => this.act(deed));
  readonly #chronicle = new Chronicle();
  readonly #controls = new Controls(this, this.#pace);
  readonly #guide: Guide;
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  #palette = readPalette();
  #frameAt = performance.now();
  #textAt = 0;
  #counted = { datagrams: 0, now: 0 };

  constructor() {
    const { setting, at } = readFragment(location.hash);
    this.session = this.#open(setting, at);
    this.#guide = new Guide({
      restart: () => this.start(tourSetting),
      play: (speed) => this.#controls.setSpeed(speed),
      current: () => this.session,
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#palette = readPalette();
    });
    addEventListener("hashchange", () => {
      const linked = readFragment(location.hash);
      this.#guide.end();
      this.session = this.#open(linked.setting, linked.at);
    });
    this.#canvas.addEventListener("click", ({ offsetX, offsetY }) => {
      this.#panel.select(this.#ring.at(offsetX, offsetY));
      this.#textAt = 0;
    });
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
    requestAnimationFrame((realMs) => this.#frame(realMs));
  }

  /** Does something to the cluster. */
  act(deed: Deed): void {
    if (this.#pace.isReplaying(this.session.driver)) return;
    this.session.driver.act(deed);
    this.#textAt = 0;
  }

  /** Starts another cluster. */
  start(setting: Setting): void {
    history.replaceState(null, "", `#${fragmentOf(setting)}`);
    this.session = this.#open(setting, 0);
  }

  /** Returns a link that replays everything up to now, and puts it into the address bar. */
  link(): string {
    const { driver } = this.session;
    history.replaceState(null, "", `#${fragmentOf(driver.setting, driver.now)}`);
    return location.href;
  }

  /** Returns a random number below 2^32. */
  random(): number {
    return crypto.getRandomValues(new Uint32Array(1))[0]!;
  }

  #open(setting: Setting, at: number): Session {
    this.#controls.fill(setting);
    this.#chronicle.clear();
    this.#panel.select(undefined);
    this.#pace.replayUntil = at;
    this.#pace.paused = false;
    this.#counted = { datagrams: 0, now: 0 };
    return new Session(setting);
  }

  #frame(realMs: number): void {
    requestAnimationFrame((next) => this.#frame(next));
    const passedMs = Math.max(0, realMs - this.#frameAt);
    this.#frameAt = realMs;
    const { session } = this;
    const { driver, observer, flights } = session;
    observer.closely = this.#pace.isSlowEnough(driver);
    this.#pace.advance(driver, passedMs);
    this.#guide.look();
    if (!observer.closely) flights.clear();
    else if (!this.#pace.paused) flights.move(passedMs, this.#flightMs());
    this.#chronicle.show(session.captions, this.#pace.speed <= 1 && observer.closely);
    this.#chronicle.speak(realMs);
    this.#ring.draw(this.session, {
      palette: this.#palette,
      selected: this.#panel.selected,
      spoken: this.#chronicle.spoken,
      still: this.#still.matches,
    });
    if (realMs - this.#textAt < textMs) return;
    this.#textAt = realMs;
    this.#showTexts();
  }

  /** A packet flies as long as it takes, if that is long enough to be seen. */
  #flightMs(): number {
    const { latency, actions } = this.session.driver.setting;
    const changed = actions.findLast(({ kind }) => kind === "latency");
    const most = changed !== undefined && "value" in changed ? changed.value : latency;
    return Math.max(flightMinMs, (most * 2) / 3 / this.#pace.speed);
  }

  #showTexts(): void {
    const { session } = this;
    const { driver, observer } = session;
    const { datagrams, hash } = driver.world.history;
    const seconds = (driver.now - this.#counted.now) / 1000;
    if (seconds >= 1 || seconds < 0) {
      const rate = Math.round((datagrams - this.#counted.datagrams) / seconds);
      setText(find("packets", HTMLElement), String(rate));
      this.#counted = { datagrams, now: driver.now };
    }
    setText(find("time", HTMLOutputElement), `${(driver.now / 1000).toFixed(1)} s`);
    setText(find("running", HTMLElement), `${observer.views.running} of ${driver.world.nodes.length}`);
    setText(find("agreement", HTMLElement), `${Math.floor(observer.views.agreement * 100)} %`);
    setText(find("hash", HTMLElement), hash);
    this.#panel.show(session);
    this.#controls.show(session);
  }

  #keyPressed(event: KeyboardEvent): void {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return;
    // The space bar presses buttons and summaries.
    if (key === " " && target !== document.body && target !== this.#stage) return;
    if (this.#handled(key.toLowerCase())) event.preventDefault();
  }

  #handled(key: string): boolean {
    const speed = speeds[Number(key) - 1];
    if (speed !== undefined) this.#controls.setSpeed(speed);
    else if (key === " ") this.#controls.togglePlay();
    else if (key === "arrowright" || key === "arrowleft") this.#move(key === "arrowright" ? 1 : -1);
    else if (key === "escape") this.#panel.select(undefined);
    else if (key === "d") this.act({ kind: "split" });
    else if (key === "h") this.act({ kind: "heal" });
    else if (key === "n") this.#guide.next();
    else {
      this.#panel.show(this.session);
      return this.#panel.press(key);
    }
    return true;
  }

  #move(step: 1 | -1): void {
    const count = this.session.driver.world.nodes.length;
    const { selected } = this.#panel;
    this.#panel.select(selected === undefined ? 0 : (selected + step + count) % count);
    this.#textAt = 0;
  }
}

new Page();
