/**
 * Agents that find each other by multicast DNS, ours on every runtime and Serf's, in a network of their own.
 */

import { execFile } from "node:child_process";
import { hostname } from "node:os";
import { promisify } from "node:util";
import { decode } from "dns-packet";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { Agent, converged, installed, ours, serfs, stopAll } from "./agents.ts";
import { Wire } from "./networks.ts";

const present = { serfs: installed(serfs), ours: installed(ours) };
const flags = ["-discover=mycl", "-iface=d0"];
const host = (index: number): string => `10.77.0.${index}`;

let wire: Wire;

describe.skipIf(lacks("networks"))("agents on one network", () => {
  beforeAll(() => {
    wire = Wire.lay("mdns", [1, 2, 3, 4].map(host), [5, 6, 7, 8].map(host));
  });
  afterEach(stopAll);
  afterAll(() => wire.remove());

  it("find each other by the name of their cluster, Serf's and ours", {
    timeout: 90_000,
  }, async () => {
    const stranger = await Agent.startInside(
      wire.right,
      "node",
      "x",
      host(8),
      "-discover=other",
      "-iface=d0",
    );
    const agents: Agent[] = [];
    // One after another, because Serf sends its next question only after a minute; alternately at
    // both ends.
    for (const [index, kind] of [...present.serfs, ...present.ours].entries()) {
      const end = index % 2 === 0 ? wire.left : wire.right;
      const at = host(1 + (index >> 1) + (index % 2) * 4);
      agents.push(await Agent.startInside(end, kind, `n${index}`, at, ...flags));
      await converged(agents, Object.fromEntries(agents.map(({ name }) => [name, "alive"])));
    }
    expect(Object.keys(await stranger.statuses())).toEqual(["x"]);
    for (const agent of agents.filter(({ kind }) => present.ours.includes(kind))) {
      expect(agent.log).toContain("agent: Starting mDNS listener on interface d0");
      expect(agent.log).toMatch(/agent\.mdns: Joined \d hosts/);
      expect(agent.log).not.toContain(`joining: [${agent.address}`);
      expect(agent.log).not.toMatch(/\[(WARN|ERR)\]/);
    }
  });

  it.each(present.serfs)("find each other over IPv6 alone, beside %s", {
    timeout: 60_000,
  }, async (serf) => {
    const agents = [await Agent.startInside(wire.left, serf, "serf", host(1), ...flags)];
    for (const [index, kind] of present.ours.entries()) {
      const end = index % 2 === 0 ? wire.right : wire.left;
      const at = host(index % 2 === 0 ? 5 + index : 2);
      agents.push(await Agent.startInside(end, kind, kind, at, ...flags, "-mdns-disable-ipv4"));
      await converged(agents, Object.fromEntries(agents.map(({ name }) => [name, "alive"])));
    }
  });

  it.each(present.ours)("respond on %s as Serf does, whatever other packets they receive", {
    timeout: 30_000,
  }, async (kind) => {
    const agent = await Agent.startInside(wire.left, kind, "one", host(1), ...flags);
    const garbage = ["", "00", "ff".repeat(40), `${questions.service}ff`, `12340000ffff${"00".repeat(6)}`];
    const endless = `123400000001000000000000${"c00c"}000c0001`;
    const sent = [...garbage, endless, ...Object.values(questions)];
    await ask(sent);
    expect(await ask(Array.from({ length: 200 }, () => questions.service))).not.toEqual([]);
    for (const [name, question] of Object.entries(questions)) {
      const [answer] = await ask([question]);
      const wanted = recorded[name as keyof typeof recorded];
      if (wanted === null) {
        expect(answer, name).toBe(undefined);
        continue;
      }
      expect(records(answer!), name).toEqual(
        JSON.parse(JSON.stringify(records(wanted)).replaceAll("testhost", hostname())),
      );
      expect(answer!.slice(0, 12), name).toBe(wanted.slice(0, 12));
    }
    expect(await agent.statuses()).toEqual({ one: "alive" });
  });
});

/** Questions, and the responses of Serf's agent `one` on 10.77.0.1. */
const questions = {
  service: "1234000000010000000000000a5f736572665f6d79636c045f746370056c6f63616c00000c0001",
  direct: "1234000000010000000000000a5f736572665f6d79636c045f746370056c6f63616c00000c8001",
  all: "1234000000010000000000000a5f736572665f6d79636c045f746370056c6f63616c0000ff0001",
  upper: "1234000000010000000000000a5f534552465f4d59434c045f746370056c6f63616c00000c0001",
  services: "123400000001000000000000095f7365727669636573075f646e732d7364045f756470056c6f63616c00000c0001",
  location: "123400000001000000000000036f6e650a5f736572665f6d79636c045f746370056c6f63616c0000210001",
  note: "123400000001000000000000036f6e650a5f736572665f6d79636c045f746370056c6f63616c0000100001",
};

const whole =
  "840000000004000000000a5f736572665f6d79636c045f746370056c6f63616c00000c0001000000780006036f6e65c00cc02d00210001000000780010000a0001461a0874657374686f737400c045000100010000007800040a4d0001c02d00100001000000780014135365726620276d79636c2720636c7573746572";

const recorded: Readonly<Record<keyof typeof questions, string | null>> = {
  service: `0000${whole}`,
  direct: `1234${whole}`,
  all: `0000${whole}`,
  upper: null,
  services:
    "000084000000000100000000095f7365727669636573075f646e732d7364045f756470056c6f63616c00000c00010000007800120a5f736572665f6d79636c045f746370c023",
  location:
    "000084000000000200000000036f6e650a5f736572665f6d79636c045f746370056c6f63616c0000210001000000780010000a0001461a0874657374686f737400c037000100010000007800040a4d0001",
  note: "000084000000000100000000036f6e650a5f736572665f6d79636c045f746370056c6f63616c0000100001000000780014135365726620276d79636c2720636c7573746572",
};

function records(hex: string): unknown {
  return JSON.parse(JSON.stringify(decode(Buffer.from(hex, "hex")).answers));
}

/**
 * Sends packets to the group from the other end of the wire; returns the responses within half a
 * second.
 */
async function ask(packets: readonly string[]): Promise<string[]> {
  const program = `
    const socket = require("node:dgram").createSocket("udp4");
    const answers = [];
    socket.on("message", (bytes) => answers.push(bytes.toString("hex")));
    socket.bind(0, () => {
      socket.setMulticastInterface("${host(5)}");
      for (const hex of ${JSON.stringify(packets)}) socket.send(Buffer.from(hex, "hex"), 5353, "224.0.0.251");
      setTimeout(() => { socket.close(); console.log(JSON.stringify(answers)); }, 500);
    });`;
  const [enter, ...args] = wire.right;
  const { stdout } = await promisify(execFile)(enter!, [...args, "node", "-e", program], { timeout: 10_000 });
  return JSON.parse(stdout) as string[];
}
