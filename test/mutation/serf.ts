/** Faults in Serf: members, events, queries, snapshots and the life of a node. */

import { faultsIn, type Mutant } from "./mutant.ts";

/** The faults. */
export const serfMutants: readonly Mutant[] = [
  ...faultsIn("src/core/serf/members/members.ts", [
    [
      "an old leave intent is applied",
      "if (intent.lamportTime <= this.#table.statusTime(row)) return dropped;",
      "if (intent.lamportTime < this.#table.statusTime(row)) return dropped;",
    ],
    [
      "whoever replies while it leaves stays",
      "if (leavingAt !== undefined && now - leavingAt >= stuckMs(this.#context.config))",
      "if (leavingAt !== undefined)",
    ],
    ["a leave intent changes no status", 'if (status === "alive") this.#table.setLeaving(now, row);', ""],
    ["a leave intent does not turn failed into left", 'this.#table.setStatus(row, "left");', ""],
    [
      "an old join intent is applied",
      "if (intent.lamportTime <= known && !wins) return dropped;",
      "if (intent.lamportTime < known && !wins) return dropped;",
    ],
    ["a leaving member that joins stays leaving", 'this.#table.setStatus(row, "alive");', ""],
    ["the word of a member that leaves is not believed", '"leaving" || byItself ?', '"leaving" ?'],
    [
      "left and failed are swapped",
      'status === "leaving" || byItself ? "left" : "failed";',
      'status === "leaving" || byItself ? "failed" : "left";',
    ],
    [
      "a leave that is remembered is not applied",
      'recent?.type === "leave" ? "leaving" : "alive"',
      'recent?.type === "join" ? "leaving" : "alive"',
    ],
    [
      "a node believes a leave intent about itself",
      'if (intent.node === config.name && this.#context.state === "alive") {',
      "if (false) {",
    ],
    [
      "tombstones are kept as long as failed members",
      "? reconnectTimeoutMs : tombstoneTimeoutMs;",
      "? reconnectTimeoutMs : reconnectTimeoutMs;",
    ],
    [
      "members are reaped at once",
      "return now - this.#table.goneAt(row)! > timeout;",
      "return now > timeout;",
    ],
    [
      "a flap is counted at any time",
      "if (hasFailed && now - this.#table.goneAt(row)! < flapTimeoutMs) this",
      "if (hasFailed) this",
    ],

    [
      "a pruned member that returned is erased",
      "if (row === noRow || !this.#table.isPruning(row)) return;",
      "if (row === noRow) return;",
    ],
    ["coordinates of erased members stay", "this.#erased(member.name);", ""],
  ]),
  ...faultsIn("src/core/serf/members/lamport_times.ts", [
    [
      "late times lose their upper half",
      "isLate ? tooLate : Number(time)",
      "Number(BigInt.asUintN(32, time))",
    ],
  ]),
  ...faultsIn("src/core/serf/members/recent_intents.ts", [
    [
      "an older intent replaces a newer one",
      "intent.lamportTime <= known.lamportTime) return false;",
      "intent.lamportTime >= known.lamportTime) return false;",
    ],
    ["intents are remembered without limit", "this.#byName.size >= SerfLimits.recentIntents", "false"],
  ]),
  ...faultsIn("src/core/serf/members/intents.ts", [
    ["intents do not move the clock", "this.#context.clocks.members.witness(intent.lamportTime);", ""],
    [
      "a leave is not broadcast",
      "else this.#queues.intents.queue(serfCodec.encodeIntent(intent), node, finished);",
      "else finished();",
    ],
    [
      "a join is not broadcast",
      "this.#queues.intents.queue(serfCodec.encodeIntent(intent), config.name);",
      "",
    ],
    [
      "a leave intent has the Lamport time of its predecessor",
      "lamportTime: clocks.members.take(), node, prune",
      "lamportTime: clocks.members.time - 1n, node, prune",
    ],
  ]),
  ...faultsIn("src/core/serf/members/upkeep.ts", [
    [
      "failed members are not tried again",
      "this.#swim.join(now, { host, port }, name, () => undefined);",
      "",
    ],
    [
      "failed members count as live ones",
      "this.#members.count - failed.length - left",
      "this.#members.count",
    ],
    [
      "many failed members are tried seldom",
      "random.unit() > failed.length / alive",
      "random.unit() < failed.length / alive",
    ],
  ]),
  ...faultsIn("src/core/serf/members/shared_members.ts", [
    ["leaving members are shared", 'if (status === "leaving" && !this.#table.isStaying(row)) continue;', ""],
    [
      "members that leave for ever are not shared",
      'if (status === "leaving" && !this.#table.isStaying(row)) continue;',
      'if (status === "leaving") continue;',
    ],
    [
      "left members are not shared",
      'if (status === "left" && this.#table.returningAt(row) === undefined) leftMembers.push(name);',
      "",
    ],
  ]),
  ...faultsIn("src/core/serf/lamport.ts", [
    [
      "a clock stops at the time it sees",
      "this.plausible(seen)) this.#time = seen + 1n;",
      "this.plausible(seen)) this.#time = seen;",
    ],
    [
      "who joins keeps a clock that a liar moved ahead",
      "if (seen >= this.#time || seen + lamportLeapMax < this.#time) this",
      "if (seen >= this.#time) this",
    ],
    ["who joins follows any clock", "if (seen >= lamportHalf) return;", ""],
    ["a clock ignores its own time", "if (seen >= this.#time &&", "if (seen > this.#time &&"],
    ["any leap of a clock is plausible", " && seen - this.#time < lamportLeapMax;", ";"],
  ]),
  ...faultsIn("src/core/serf/coordinates.ts", [
    ["coordinates of others are not stored", "this.#known.set(node, coordinate);", ""],
    [
      "coordinates are not updated",
      "this.#client.update(node, coordinate, Math.max(0, roundTripMs) / 1000)",
      "undefined as string | undefined",
    ],
  ]),
  ...faultsIn("src/core/serf/inbox.ts", [
    [
      "user events are not passed on",
      "if (this.#events.receive(message)) queues.events.queue(bytes, undefined);",
      "this.#events.receive(message);",
    ],
    [
      "duplicate queries are passed on",
      "if (this.#queries.receive(now, message)) queues",
      "this.#queries.receive(now, message);queues",
    ],
    ["events are handled before queries", "query: 1,", "query: 3,"],
    [
      "later messages are handled first",
      "a.lamportTime < b.lamportTime ? -1 : a.lamportTime > b.lamportTime ? 1 : 0",
      "a.lamportTime < b.lamportTime ? 1 : a.lamportTime > b.lamportTime ? -1 : 0",
    ],
  ]),
  ...faultsIn("src/core/serf/push_pull.ts", [
    ["a push/pull has no events", "events: this.#events.slots(),", "events: [],"],
    ["a push/pull does not move the event clock", "[clocks.events, state.eventTime],", ""],
    [
      "old events are replayed at every join",
      "const ignoresOld = join && this.#joinsIgnoringOld > 0;",
      "const ignoresOld = false;",
    ],
    [
      "leaves of a push/pull have the time of the join",
      "const lamportTime = known + 1n;",
      "const lamportTime = known;",
    ],
    [
      "a later time of our own is not answered",
      "if (own !== undefined && theirs > own) this.#intents.announceJoin(now);",
      "",
    ],
    [
      "a node that left believes that it returned",
      'if (state !== "alive" || !clocks.members.plausible(theirs)) return;',
      "if (!clocks.members.plausible(theirs)) return;",
    ],
  ]),
  ...faultsIn("src/core/serf/queues.ts", [
    ["later queues ignore what is taken", "limit: free, countMax", "limit, countMax"],
    ["a deep queue is never reported", "if (length < warning) {", "if (length >= warning) {"],
  ]),
  ...faultsIn("src/core/serf/events/replay_ring.ts", [
    [
      "duplicates are new",
      'if (slot?.entries.some((other) => this.#same(other, entry)) === true) return "duplicate";',
      "",
    ],
    ["events before the minimum are new", 'if (time < this.#minTime) return "duplicate";', ""],
    [
      "times that left the ring are new",
      'if (clock > this.#size && time < clock - this.#size) return "old";',
      "",
    ],
    [
      "one time has room for one entry more",
      "slot.entries.length >= SerfLimits.entriesPerTime",
      "slot.entries.length > SerfLimits.entriesPerTime",
    ],
  ]),
  ...faultsIn("src/core/serf/events/sequencer.ts", [
    [
      "events of one time are delivered in the wrong order",
      "event.lamportTime > event.lamportTime) place -= 1;",
      "event.lamportTime >= event.lamportTime) place -= 1;",
    ],
    ["a gap does not hold events back", "if (event.lamportTime > this.#next) break;", ""],
    ["held events are never released", "if (held.until <= now) last = held;", ""],
  ]),
  ...faultsIn("src/core/serf/events/coalesce.ts", [
    [
      "each event starts the period again",
      "if (this.#end === Number.POSITIVE_INFINITY) this.#end",
      "this.#end",
    ],
    [
      "an older user event replaces a newer one",
      "event.lamportTime < held.lamportTime) return;",
      "event.lamportTime > held.lamportTime) return;",
    ],
    [
      "the same member event is emitted again",
      'if (this.#emitted.get(name) === type && type !== "member-update" && !mixed) continue;',
      "",
    ],
  ]),
  ...faultsIn("src/core/serf/events/user_events.ts", [
    ["a user event of the largest size is refused", "if (size > limit) throw", "if (size >= limit) throw"],
    ["received user events do not move the clock", "clock.witness(lamportTime);", ""],
    [
      "held user events have no timer",
      'else timers.set("heldEvents", deadline, { kind: "heldEvents" });',
      "",
    ],
  ]),
  ...faultsIn("src/core/serf/wire/decoded_events.ts", [
    [
      "an event is taken for another one",
      "equalBytes(slot.bytes, bytes)",
      "slot.bytes.length === bytes.length",
    ],
  ]),
  ...faultsIn("src/core/serf/pipeline.ts", [
    ["coalescing is lost", 'if ("members" in event && this.#members !== undefined) {', "if (false) {"],
    [
      "the last events are not flushed",
      "const due = everything ? Number.MAX_VALUE : now;",
      "const due = now;",
    ],
  ]),
  ...faultsIn("src/core/serf/life/leave.ts", [
    [
      "a leave goes on only after its time limit",
      "this.#steps.announceIntent(now, (at) => this.#intentSent(at));",
      "this.#steps.announceIntent(now, () => undefined);",
    ],
    [
      "a death follows its intent in the same round",
      "this.#steps.wait(now + this.#gapMs);",
      "this.#leaveMembership(now);",
    ],
    [
      "a leave does not wait for its death to spread",
      "this.#steps.wait(now + this.#propagateDelayMs);",
      "this.#steps.wait(now);",
    ],
  ]),
  ...faultsIn("src/core/serf/life/life.ts", [
    [
      "a node that is alone waits for its leave to spread",
      'if (this.#context.state === "leaving" && !this.#intents.othersAlive)',
      "if (false)",
    ],
    ["a second join ends the first", "return this.#joins === 0 && this.#alone", "return this.#alone"],
  ]),
  ...faultsIn("src/core/serf/serf_core.ts", [
    [
      "a new tag is not announced",
      "this.#swim.update(now, () => this.#commands.settle(command, undefined));",
      "this.#commands.settle(command, undefined);",
    ],
    [
      "a live member can be pruned",
      'if (prune && this.#members.find(node)?.status === "alive") {',
      "if (false) {",
    ],
    [
      "a successful join is not announced",
      'if (contacts > 0 && this.state === "alive") this.#intents.announceJoin(now);',
      "",
    ],
  ]),
  ...faultsIn("src/core/serf/snapshot/snapshot.ts", [
    [
      "failed members have no line",
      "this.#lines.push(line.failed(name, address), line.notAlive(name));",
      "this.#lines.push(line.notAlive(name));",
    ],
    ["a leave has no line", "this.#lines.push(line.leave);", ""],
    [
      "a snapshot is never compacted",
      'tooMany || this.#size > this.#sizeMax ? { kind: "compact" }',
      'tooMany ? { kind: "compact" }',
    ],
    [
      "a leave forgets members that it should rejoin",
      "if (this.#context.config.rejoinAfterLeave) return;",
      "",
    ],
  ]),
  ...faultsIn("src/core/serf/snapshot/format.ts", [
    ["a replayed leave keeps failed members", "this.state.failed.clear();", ""],
    [
      "an address is replayed with the space before it",
      "this.state.alive.set(name, value.slice(space + 1));",
      "this.state.alive.set(name, value.slice(space));",
    ],
    [
      "a line for failed members is forgotten by the next",
      "if (value !== justFailed) this.state.failed.delete(value!);",
      "this.state.failed.delete(value!);",
    ],
    ["impossible times are replayed", "BigInt(value) >= lamportHalf) {", "false) {"],
    [
      "a torn line at the end is replayed",
      "return { state: reader.state, notes:",
      "if (start < bytes.length) reader.line(decoder.decode(bytes.subarray(start)));\n  return { state: reader.state, notes:",
    ],
  ]),
  ...faultsIn("src/core/serf/snapshot/rejoin.ts", [
    ["only one known member is tried", "this.#next(at);", ""],
    [
      "a node rejoins itself",
      "|| name === local.name || joinHostPort(to.host, to.port) === own) continue;",
      ") continue;",
    ],
    [
      "failed members are tried first",
      "this.#untried = [...failed, ...alive];",
      "this.#untried = [...alive, ...failed];",
    ],
  ]),
  ...faultsIn("src/core/serf/queries/collector.ts", [
    ["a second ack is delivered", "if (seen.has(response.from)) {", "if (false) {"],
    ["replies after the deadline are delivered", "if (now > entry.deadline) return;", ""],
    ["replies to another query are delivered", "if (entry.id !== response.id) {", "if (false) {"],
    ["a query ends only at its deadline", "this.end(now, entry.lamportTime);", ""],
    [
      "one reply of two is enough",
      "(!expectsAcks || acked.has(name)) &&",
      "(!expectsAcks || acked.has(name)) ||",
    ],
  ]),
  ...faultsIn("src/core/serf/queries/filters.ts", [
    [
      "the node filter is inverted",
      "if (!filter.names.has(subject.name)) return false;",
      "if (filter.names.has(subject.name)) return false;",
    ],
    [
      "the tag filter is ignored",
      'if (typeof matched === "object" || !matched) return false;',
      'if (typeof matched === "object") return false;',
    ],
  ]),
  ...faultsIn("src/core/serf/queries/receiver.ts", [
    [
      "a query that must not spread spreads",
      "return (message.flags & queryFlag.noBroadcast) === 0;",
      "return true;",
    ],
    [
      "queries are not acknowledged",
      "if ((flags & queryFlag.ack) !== 0) this.#responder.acknowledge(now, query);",
      "",
    ],
  ]),
  ...faultsIn("src/core/serf/queries/responder.ts", [
    ["a query is answered twice", "query.answered = true;", ""],
    ["a query is answered after its deadline", "if (now > query.deadline) throw", "if (false) throw"],
    ["a node relays to itself", "member.name !== config.name && member", "member"],
  ]),
  ...faultsIn("src/core/serf/queries/keyring.ts", [
    [
      "a new primary key has no effect",
      "this.#install([this.#keys[index]!, ...this.#keys.filter((_, other) => other !== index)]);",
      "",
    ],
    ["a removed key stays", "if (index > 0) this.#install", "if (index > 9) this.#install"],
    ["the primary key can be removed", "if (index === 0) throw", "if (index < 0) throw"],
    ["a changed keyring is not used by the codec", "this.#codec.setKeys(keys);", ""],
  ]),
  ...faultsIn("src/core/serf/queries/name_vote.ts", [
    ["half of the votes are a majority", "Math.floor(votes / 2) + 1", "Math.floor(votes / 2)"],
    [
      "each conflict starts another vote",
      "if (enabled && !this.#voting) this.#vote(now, { host, port });",
      "if (enabled) this.#vote(now, { host, port });",
    ],
    [
      "who loses a vote stops, although no other node replies",
      "if (error === undefined) this.#stop({ matching, votes });",
      "if (error !== undefined) this.#stop({ matching, votes });",
    ],
    [
      "who loses a vote does not look for the other node",
      "if (!this.#swim.config.rules.rivalsReply) {",
      "if (this.#swim.config.rules.rivalsReply) {",
    ],
  ]),
  ...faultsIn("src/core/serf/wire/push_pull.ts", [
    [
      "times of a push/pull are read as one more",
      "times.set(name, reader.uint64());",
      "times.set(name, reader.uint64() + 1n);",
    ],
  ]),
  ...faultsIn("src/core/serf/wire/messages.ts", [
    [
      "the prune flag is not sent",
      'writer.string("Prune").bool(intent.prune);',
      'writer.string("Prune").bool(false);',
    ],
  ]),
];
