/** One run of a setting: the world, who watches it, and what the page shows of it. */

import { type Caption, Captions } from "./captions.ts";
import { Driver } from "./driver.ts";
import { Flights } from "./flights.ts";
import type { Happening } from "./happenings.ts";
import { Observer } from "./observer.ts";
import type { Setting } from "./setting.ts";

/** A run. */
export class Session {
  readonly driver: Driver;
  readonly observer: Observer;
  readonly flights: Flights = new Flights();
  /** What happened, the oldest first; what the page has shown is removed. */
  readonly captions: Caption[] = [];

  constructor(setting: Setting) {
    this.observer = new Observer(
      setting.nodes,
      (happening, now) => this.#happened(happening, now),
      (packet) => this.flights.add(packet),
    );
    this.driver = new Driver(setting, [this.observer]);
    this.observer.attach(this.driver.world);
    const { views } = this.observer;
    const { nodes } = this.driver.world;
    const scene = {
      get running() {
        return views.running;
      },
      runs: (node: number) => nodes[node]!.running,
      isSlow: (node: number) => nodes[node]!.lateMs > 0,
    };
    this.#writer = new Captions(setting, scene, (caption) => this.captions.push(caption));
  }

  readonly #writer: Captions;

  #happened(happening: Happening, now: number): void {
    this.#writer.happened(happening, now);
    if (happening.kind === "passed") this.flights.pass(happening.other, happening.node, happening.event);
    if (happening.kind === "call" && this.observer.closely)
      this.flights.call(happening.node, happening.other);
  }
}
