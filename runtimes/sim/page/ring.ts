/** Draws the members on a ring: what they are, what the others believe, and what goes on between them. */

import type { Absence } from "./driver.ts";
import type { Flight } from "./flights.ts";
import type { Palette } from "./palette.ts";
import type { Session } from "./session.ts";
import { belief } from "./views.ts";

/** What the picture shows beside the session. */
export interface Look {
  readonly palette: Palette;
  readonly selected: number | undefined;
  /** Nodes that the last caption is about. */
  readonly spoken: readonly number[];
  /** Whether packets do not move. */
  readonly still: boolean;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

const full = 2 * Math.PI;
/** Labels are drawn for as many nodes. */
const labelsMax = 60;
/** Lines of suspicions are drawn at most so often. */
const suspicionsMax = 400;

/** The picture. */
export class Ring {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #side = 0;
  #count = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
  }

  /** Returns the node at a place of the canvas, in CSS pixels. */
  at(x: number, y: number): number | undefined {
    let [best, least] = [undefined as number | undefined, Math.max(22, this.#radius + 8)];
    for (let node = 0; node < this.#count; node += 1) {
      const spot = this.#spot(node);
      const distance = Math.hypot(spot.x - x, spot.y - y);
      if (distance < least) [best, least] = [node, distance];
    }
    return best;
  }

  /** Draws everything. */
  draw(session: Session, look: Look): void {
    const { driver, observer, flights } = session;
    this.#fit(driver.world.nodes.length);
    const context = this.#context;
    context.clearRect(0, 0, this.#side, this.#side);
    context.lineCap = "round";
    if (driver.split) this.#divide(look.palette);
    this.#suspicions(session, look.palette);
    for (const { from, to, freshness } of flights.passages) {
      this.#line(this.#spot(from), this.#spot(to), look.palette.event, 2, 0.25 + 0.6 * freshness);
    }
    for (const flight of flights.flying) this.#flight(flight, look);
    const event = observer.lastEvent;
    for (const node of driver.world.nodes) {
      const { index, paused, lateMs } = node;
      this.#node(session, index, look, {
        absence: driver.absence(node),
        paused,
        slow: lateMs > 0,
        has: event !== undefined && event.has[index] === 1,
      });
    }
  }

  /** Adapts the canvas to the size of its element and to the screen. */
  #fit(count: number): void {
    this.#count = count;
    this.#side = this.#canvas.clientWidth;
    const scale = globalThis.devicePixelRatio;
    const pixels = Math.round(this.#side * scale);
    if (this.#canvas.width !== pixels) {
      this.#canvas.width = pixels;
      this.#canvas.height = pixels;
    }
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
  }

  get #radius(): number {
    const around = ((this.#side / 2) * Math.PI) / Math.max(1, this.#count);
    return Math.min(this.#side / 28, Math.max(3, around * 0.62));
  }

  #spot(node: number, outwards = 0): Spot {
    const angle = (full * (node + 0.5)) / this.#count - full / 4;
    const distance = this.#side / 2 - 26 - this.#radius + outwards;
    return {
      x: this.#side / 2 + distance * Math.cos(angle),
      y: this.#side / 2 + distance * Math.sin(angle),
    };
  }

  /** The first half of the nodes is at the right. */
  #divide({ failed }: Palette): void {
    const context = this.#context;
    const middle = this.#side / 2;
    context.setLineDash([10, 8]);
    this.#line({ x: middle, y: 8 }, { x: middle, y: this.#side - 8 }, failed, 3, 0.8);
    context.setLineDash([]);
  }

  #suspicions({ driver, observer: { views } }: Session, { suspect }: Palette): void {
    const { nodes } = driver.world;
    let drawn = 0;
    for (const { index: subject } of nodes) {
      if (views.count(subject, belief.suspect) === 0) continue;
      for (const { index: observer, running } of nodes) {
        if (!running || views.of(observer, subject) !== belief.suspect || drawn === suspicionsMax) continue;
        drawn += 1;
        this.#line(this.#spot(observer), this.#spot(subject), suspect, 1.2, Math.min(0.45, 12 / this.#count));
      }
    }
  }

  #flight({ from, to, kind, lost, progress }: Flight, { palette, still }: Look): void {
    const [start, end] = [this.#spot(from), this.#spot(to)];
    const reach = Math.min(progress, lost ? 0.5 : 1);
    const place = { x: start.x + (end.x - start.x) * reach, y: start.y + (end.y - start.y) * reach };
    const color = palette[kind];
    const strong = kind === "event" || kind === "accusation" || kind === "helper" || kind === "call";
    const fading = progress > 1 ? 2 - progress : 1;
    const width = kind === "call" ? 3 : strong ? 1.6 : 1;
    this.#line(start, still ? end : place, color, width, (strong ? 0.55 : 0.28) * fading);
    if (still || (progress > 1 && !lost)) return;
    if (lost && progress > 0.5) this.#cross(place, 4, color, fading);
    else this.#disc(place, strong ? 3.5 : 2.2, color, fading);
  }

  #node(
    { observer: { views } }: Session,
    index: number,
    { palette, selected, spoken }: Look,
    state: { absence: Absence | undefined; paused: boolean; slow: boolean; has: boolean },
  ): void {
    const context = this.#context;
    const spot = this.#spot(index);
    const radius = this.#radius;
    if (index === selected) this.#circle(spot, radius + 6, palette.ink, 2.5);
    else if (spoken.includes(index)) this.#circle(spot, radius + 5, palette.muted, 1.2);
    const gone = state.absence !== undefined;
    this.#disc(spot, radius, gone ? palette.ground : palette.node, 1);
    // The rim is what the others believe, each belief with its share.
    const parts = [
      [palette.alive, views.count(index, belief.alive)],
      [palette.suspect, views.count(index, belief.suspect)],
      [palette.failed, views.count(index, belief.dead)],
      [palette.left, views.count(index, belief.left)],
      [palette.rule, views.count(index, belief.unknown)],
    ] as const;
    const total = parts.reduce((sum, [, count]) => sum + count, 0);
    const rim = Math.max(1.5, radius * 0.28);
    let angle = -full / 4;
    for (const [color, count] of parts) {
      if (count === 0) continue;
      const next = angle + (full * count) / total;
      context.beginPath();
      context.arc(spot.x, spot.y, radius - rim / 2, angle, next);
      context.strokeStyle = color;
      context.lineWidth = rim;
      context.lineCap = "butt";
      context.stroke();
      angle = next;
    }
    context.lineCap = "round";
    if (state.has && !gone) this.#disc(spot, radius * 0.42, palette.event, 1);
    if (radius >= 5) this.#mark(spot, radius * 0.42, state, palette);
    else if (state.absence === "crashed") this.#cross(spot, radius, palette.failed, 1);
    if (this.#count <= labelsMax || index === selected)
      this.#label(index, gone ? palette.muted : palette.ink);
  }

  /** A sign for those who do not see colors: crashed, left, paused, slow. */
  #mark(
    spot: Spot,
    size: number,
    { absence, paused, slow }: { absence: Absence | undefined; paused: boolean; slow: boolean },
    { ink, muted, failed }: Palette,
  ): void {
    const { x, y } = spot;
    if (absence === "crashed") this.#cross(spot, size, failed, 1);
    else if (absence === "left") this.#line({ x: x - size, y }, { x: x + size, y }, muted, 2, 1);
    else if (paused) {
      for (const side of [-0.5, 0.5])
        this.#line({ x: x + side * size, y: y - size }, { x: x + side * size, y: y + size }, ink, 2.5, 1);
    } else if (slow) {
      this.#circle(spot, size, ink, 1.5);
      this.#line(spot, { x, y: y - size * 0.7 }, ink, 1.5, 1);
      this.#line(spot, { x: x + size * 0.6, y }, ink, 1.5, 1);
    }
  }

  #label(index: number, color: string): void {
    const context = this.#context;
    const spot = this.#spot(index, this.#radius + 14);
    context.fillStyle = color;
    context.font = `${this.#side < 480 ? 10 : 12}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(`n${index}`, spot.x, spot.y);
  }

  #line(from: Spot, to: Spot, color: string, width: number, alpha: number): void {
    const context = this.#context;
    context.globalAlpha = alpha;
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
    context.globalAlpha = 1;
  }

  #cross({ x, y }: Spot, size: number, color: string, alpha: number): void {
    this.#line({ x: x - size, y: y - size }, { x: x + size, y: y + size }, color, 2, alpha);
    this.#line({ x: x - size, y: y + size }, { x: x + size, y: y - size }, color, 2, alpha);
  }

  #disc({ x, y }: Spot, radius: number, color: string, alpha: number): void {
    const context = this.#context;
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.beginPath();
    context.arc(x, y, radius, 0, full);
    context.fill();
    context.globalAlpha = 1;
  }

  #circle({ x, y }: Spot, radius: number, color: string, width: number): void {
    const context = this.#context;
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, radius, 0, full);
    context.stroke();
  }
}
