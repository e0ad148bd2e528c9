/**
 * Commands beside agents that misbehave: fakes that respond in their own way, members that do not
 * reply.
 */

import { type Encodable, RpcCodec } from "../../../src/rpc/codec.ts";
import { hexOf } from "../../rpc/hex.ts";
import type { Answer } from "../peer.ts";
import type { Place } from "../place.ts";
import { type Scenario, scenario } from "./scenario.ts";

const codec = new RpcCodec();

async function withAnswers(
  place: Place,
  address: string,
  answers: readonly Answer[],
  work: () => Promise<void>,
): Promise<void> {
  const program = await place.peer("answer", address, JSON.stringify(answers));
  await work();
  await program.kill("SIGKILL");
}

/**
 * Objects of the client before its second request is complete: a handshake is two, `stats` has no
 * body.
 */
function requestEnd(name: string | undefined): number {
  return name === "info" ? 3 : 4;
}

const tolerance = scenario("rpc-client-tolerance", async (stage, place) => {
  for (const item of stage.transcript.items) {
    if (item.kind !== "command") continue;
    const noted = (prefix: string): string =>
      item.notes.find((note) => note.startsWith(prefix))!.slice(prefix.length);
    const answers = [
      { after: 2, hex: noted("handshake answer ") },
      { after: requestEnd(item.args[0]), hex: noted("answer ") },
    ];
    await withAnswers(place, "127.0.0.89:17373", answers, async () => {
      const playing = stage.start(item.index);
      if (item.end === "exit signal SIGKILL") {
        // Long enough for a command that does not wait to print something and to end.
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        playing.program.signal("SIGKILL");
      }
      await stage.finish(playing);
    });
  }
});

function memberOf([name, status]: readonly [string, string]): Encodable {
  const versions = {
    DelegateCur: 5,
    DelegateMax: 5,
    DelegateMin: 2,
    ProtocolCur: 2,
    ProtocolMax: 5,
    ProtocolMin: 1,
  };
  return { Addr: Uint8Array.of(127, 0, 0, 1), Name: name, Port: 7946, Status: status, Tags: {}, ...versions };
}

/** Responses to the handshake, to `members`, and to a query, with these acknowledgements. */
function cluster(members: readonly (readonly [string, string])[], acks: readonly string[]): Answer[] {
  const header = (sequence: number): Encodable => ({ Error: "", Seq: sequence });
  const records = acks.flatMap((from) => [header(3), { Type: "ack", From: from, Payload: null }]);
  const answers: [number, Encodable[]][] = [
    [2, [header(1)]],
    [3, [header(2), { Members: members.map(memberOf) }]],
    [5, [header(3), ...records, header(3), { Type: "done", From: "", Payload: null }]],
  ];
  return answers.map(([after, objects]) => ({ after, hex: hexOf(codec.encode(...objects)) }));
}

const reachability = scenario("reachability-problems", async (stage, place) => {
  await place.agent("-node=a", "-bind=127.0.0.91:17946", "-rpc-addr=127.0.0.91:17373", "-profile=local");
  const frozen = await place.agent(
    "-node=b",
    "-bind=127.0.0.92:17946",
    "-rpc-addr=127.0.0.92:17373",
    "-profile=lan",
    "-join=127.0.0.91:17946",
  );
  frozen.signal("SIGSTOP");
  await stage.play(0);
  await frozen.kill("SIGKILL");
  const told: [[string, string][], string[]][] = [
    [
      [
        ["a", "alive"],
        ["b", "failed"],
      ],
      ["a", "b"],
    ],
    [
      [
        ["a", "alive"],
        ["b", "alive"],
      ],
      ["a", "a"],
    ],
    [
      [
        ["a", "alive"],
        ["b", "alive"],
      ],
      ["a", "b", "a"],
    ],
    [
      [
        ["a", "alive"],
        ["b", "left"],
      ],
      ["b"],
    ],
  ];
  for (const [offset, [members, acks]] of told.entries()) {
    await withAnswers(place, "127.0.0.98:17373", cluster(members, acks), () => stage.play(offset + 1));
  }
});

/**
 * Enough to fill what the kernel buffers for a client that does not read, and the agent's own
 * queue.
 */
const floodCount = 20_000;

const slow = scenario("rpc-slow-client", async (stage, place) => {
  const address = "127.0.0.71:17373";
  const agent = await place.agent(
    "-node=n",
    "-bind=127.0.0.71:17946",
    `-rpc-addr=${address}`,
    "-profile=local",
  );
  const requests = codec.encode(
    { Command: "handshake", Seq: 1 },
    { Version: 1 },
    { Command: "stream", Seq: 2 },
    { Type: "*" },
  );
  const stalled = await place.peer("stall", address, hexOf(requests));
  await agent.prints("Accepted client");
  const flood = await place.peer("events", address, String(floodCount));
  await flood.over();
  await stage.play(0);
  await agent.prints("Dropping event to");
  const [warning = ""] = /\[WARN\] agent\.ipc: Dropping event to .*/.exec(agent.stdout) ?? [];
  const recorded = stage.transcript.items[0]!.notes.flatMap(
    (note) => /^example line: \S+ \S+ (.*)$/.exec(note)?.[1] ?? [],
  );
  stage.compareNotes(0, recorded, [warning.replace(/127\.0\.0\.1:\d+$/, "127.0.0.1:PORT")]);
  await stalled.kill("SIGKILL");
  const idle = await place.peer("idle", address, "500");
  await stage.play(1);
  await Promise.all([idle.kill("SIGKILL"), agent.kill("SIGKILL")]);
});

/** The scenarios. */
export const clients: readonly Scenario[] = [slow, tolerance, reachability];
