/** The steps of the guided tour: what each one does, what there is to see, and when it is over. */

import type { Session } from "./session.ts";
import { initial, type Setting } from "./setting.ts";
import { belief } from "./views.ts";

/** One step. */
export interface Step {
  readonly title: string;
  readonly text: string;
  readonly speed: number;
  /** Does what the step shows. */
  begin(session: Session): void;
  /** Called often while the step runs. Returns whether what it shows has happened. */
  isOver(session: Session): boolean;
  /** What can be seen when it is over. */
  readonly result: string;
}

/** The cluster of the tour. */
export const tourSetting: Setting = { ...initial, nodes: 16, seed: 4, latency: 80 };

const [sender, victim, stopped, slow] = [3, 6, 10, 13];
/** A node that stands still goes on when so many suspect it. */
const suspectsEnough = 4;
/** The tour shows this health score. */
const scoreEnough = 3;

/** The steps, in order. The first one begins with a new cluster. */
export const steps: readonly Step[] = [
  {
    title: "Join",
    text: "16 nodes start. Each calls one of the first three (violet lines), and they exchange all they know. The rest travels as gossip: a node passes on what is new to a few others, five times a second. The rim of a circle shows what the others believe of it: it turns blue as they get to know it.",
    result:
      "All know each other. From now on each node probes another one every second: the small blue dots, there and back.",
    speed: 1,
    begin: () => undefined,
    isOver: ({ observer, driver }) => driver.now > 1_500 && observer.views.united,
  },
  {
    title: "Send an event",
    text: "n3 sends an event, in slow motion. It goes to the neighbours on the ring and to random nodes, and each that gets it does the same. A green line is the way to a node that did not have it; a green heart means that a node has it.",
    result:
      "Every node has it, after a fraction of a second. Nobody sent it to all, and lost packets would not have mattered.",
    speed: 0.1,
    begin: ({ driver }) => void driver.act({ kind: "event", node: sender }),
    isOver: ({ observer }) =>
      observer.lastEvent !== undefined && observer.lastEvent.count === observer.views.running,
  },
  {
    title: "Crash",
    text: "n6 crashes without a word. Sooner or later somebody probes it, gets no ack, and asks helpers to probe it too, in case only its own link is bad. Nobody gets an ack: a suspicion begins and spreads (yellow), and n6 has some seconds to refute it. Meanwhile its two neighbours on the ring try to connect to it, and its machine refuses them.",
    result:
      "All know that n6 has failed (red): who is refused for two seconds and learns of a suspicion does not wait for its end. Without that, a suspicion ends the sooner the more nodes confirm it on their own.",
    speed: 1,
    begin: ({ driver }) => void driver.act({ kind: "crash", node: victim }),
    isOver: ({ observer: { views } }) =>
      views.count(victim, belief.alive) === 0 && views.count(victim, belief.suspect) === 0,
  },
  {
    title: "Suspect and refute",
    text: "n10 stands still, as a program does that its machine has stopped. It cannot send acks, so it is suspected. When a few suspect it, it goes on. It finds the suspicion among what has arrived, and refutes: it announces itself with a higher incarnation, which beats every accusation of the old one.",
    result:
      "Nobody suspects n10 any more, and no user was told that it failed. That is why a suspicion waits.",
    speed: 1,
    begin: ({ driver }) => void driver.act({ kind: "pause", node: stopped }),
    isOver: ({ driver, observer: { views } }) => {
      const suspects = views.count(stopped, belief.suspect);
      if (driver.world.nodes[stopped]!.paused) {
        if (suspects >= suspectsEnough) driver.act({ kind: "resume", node: stopped });
        return false;
      }
      return suspects === 0;
    },
  },
  {
    title: "Cut the network in two",
    text: "The left half no longer reaches the right half. Each side does what it does after a crash: it probes, suspects and declares the others failed. Both sides go on working as clusters of their own. Time passes ten times as fast.",
    result:
      "Each side believes that the other one failed: half of every rim is red. Neither is wrong, as far as it can see.",
    speed: 10,
    begin: ({ driver }) => void driver.act({ kind: "split" }),
    isOver: ({ driver, observer: { views } }) => {
      const live = driver.world.nodes.filter(({ running }) => running);
      return live.every(({ index }) => {
        const half = index < driver.world.nodes.length / 2;
        const others = live.filter((other) => other.index < driver.world.nodes.length / 2 !== half);
        return others.every((other) => views.of(other.index, index) === belief.dead);
      });
    },
  },
  {
    title: "Heal",
    text: "The network is whole again. Nodes try to reach failed members again now and then, and the dead get some gossip for a while. As soon as one message gets across, its receiver finds itself declared dead, refutes, and the two sides become one.",
    result: "All running nodes know each other again. Only n6 is still failed, and rightly so.",
    speed: 1,
    begin: ({ driver }) => void driver.act({ kind: "heal" }),
    isOver: ({ observer: { views } }) => views.united,
  },
  {
    title: "Lifeguard: who is the slow one?",
    text: "n13 becomes slow: everything it does happens 1.5 s late. Its own probes seem to fail, and a simple failure detector would accuse healthy nodes. With Lifeguard it counts what goes wrong on its own side: the health score rises, its probes get more time, and it suspects others less. Others suspect it, but it can refute in time.",
    result:
      "n13 doubts itself instead of the others, and nobody was declared failed. That was the tour: now break something yourself.",
    speed: 1,
    begin: ({ driver }) => void driver.act({ kind: "slow", node: slow }),
    isOver: ({ observer }) => observer.score(slow) >= scoreEnough,
  },
];
