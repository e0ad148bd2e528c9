/** Faults in SWIM: probes, membership, gossip and streams. */

import { faultsIn, type Mutant } from "./mutant.ts";

/** The faults. */
export const swimMutants: readonly Mutant[] = [
  ...faultsIn("src/core/swim/membership.ts", [
    [
      "who left is believed at an old address by an old announcement",
      'if (members.status(node) === "left" && alive.incarnation <= members.incarnation(node)) return;',
      "",
    ],
    ["a node that is suspected does not refute", "this.#refute(node, suspect.incarnation);", ""],
    [
      "suspicions of an older incarnation are believed",
      "return incarnation >= known && plausibleAccusation",
      "return plausibleAccusation",
    ],
    [
      "suspicions of the current incarnation are dropped",
      "return incarnation >= known &&",
      "return incarnation > known &&",
    ],
    [
      "an alive message of the same incarnation is accepted",
      "if (!isSelf && !addressUpdate && alive.incarnation <= known) {",
      "if (!isSelf && !addressUpdate && alive.incarnation < known) {",
    ],
    [
      "a namesake with other tags is not refuted",
      "if (alive.incarnation === known && sameAnnouncement(members.identity(node), alive)) return;",
      "if (alive.incarnation === known) return;",
    ],
    [
      "deaths of an older incarnation are believed",
      'members.change(node, byItself ? "left" : "dead", dead.incarnation, now);',
      'members.change(node, "dead", dead.incarnation, now);',
    ],
    [
      "accusations at the incarnation of a leave undo it",
      '!== "left" || incarnation <= members.incarnation(node)) return;',
      '!== "left" || incarnation < members.incarnation(node)) return;',
    ],
    ["a node that left believes others that it returned", "if (name === config.name) return;", ""],
    ["a leave of its own is taken for an accusation", "if (!byItself) this.#notice", "this.#notice"],
    ["deaths are not broadcast", "this.#broadcast(dead, finished);", "finished?.();"],
    [
      "confirmations of a suspicion are not passed on",
      "if (this.suspicions.confirm(now, suspect.node, suspect.from)) {",
      "if (this.suspicions.confirm(now, suspect.node, suspect.from) && now < 0) {",
    ],
    ["a suspicion starts no timer", "this.suspicions.begin(now, members.name(node), suspect.from);", ""],
    [
      "a refutation does not exceed the accusation",
      "this.#incarnation = Math.max(this.#incarnation, accused) + 1;",
      "this.#incarnation = Math.max(this.#incarnation, accused);",
    ],
    [
      "a refutation forgets the accused incarnation",
      "this.#incarnation = Math.max(this.#incarnation, accused) + 1;",
      "this.#incarnation += 1;",
    ],
    ["a refutation does not lower the health", "awareness.apply(1);", ""],
    [
      "dead and left are swapped",
      'byItself ? "left" : "dead", dead.incarnation',
      'byItself ? "dead" : "left", dead.incarnation',
    ],
    [
      "left members of a push/pull are suspected",
      'this.dead(now, { type: "dead", incarnation, node, from: node });',
      'this.suspect(now, { type: "suspect", incarnation, node, from: node });',
    ],
    [
      "dead members of a push/pull are dead at once",
      'this.suspect(now, { type: "suspect", incarnation, node, from: this.#context.config.name });',
      'this.dead(now, { type: "dead", incarnation, node, from: this.#context.config.name });',
    ],
    [
      "a suspicion that ran out has no effect",
      'this.dead(now, { type: "dead", incarnation, node: name, from });',
      "",
    ],
    [
      "a last check clears suspicions of later incarnations",
      'if (this.#statusOf(name) !== "suspect" || members.incarnation(node) !== incarnation) return false;',
      'if (this.#statusOf(name) !== "suspect") return false;',
    ],
    [
      "dead members are forgotten too early",
      "members.goneFor(node, now) <= config.gossipToTheDeadMs",
      "members.goneFor(node, now) > config.gossipToTheDeadMs",
    ],

    ["a leaving node accepts messages about itself", "if (isSelf && this.#leaving) return;", ""],
    ["a node that comes back still believes that it leaves", "this.#leaving = false;", ""],
    [
      "a member that left joins without an event",
      'if (before === "dead" || before === "left") application.joined(now, members.identity(node));',
      'if (before === "dead") application.joined(now, members.identity(node));',
    ],
    [
      "a known member may move into a forbidden network",
      "if (moved && !isAllowed(config, alive.address)) {",
      "if (node === undefined && !isAllowed(config, alive.address)) {",
    ],
    [
      "a past incarnation is not resumed",
      "this.#incarnation = Math.max(this.#incarnation, incarnation);",
      "void incarnation;",
    ],
  ]),
  ...faultsIn("src/core/swim/disputes.ts", [
    ["a member gets any number of packets", "this.#nextAt = now + config.gossipIntervalMs;", ""],
    ["one that is gone gets packets", " || !members.isLive(node)) return;", ") return;"],
    [
      "who announces fewer versions is contradicted for ever",
      "alive.versions.length < versions.length || ",
      "",
    ],
  ]),
  ...faultsIn("src/core/swim/suspicion.ts", [
    [
      "a suspicion waits for one confirmation too many",
      "config.suspicionMult - 2;",
      "config.suspicionMult - 1;",
    ],
    ["a small cluster is taken for a smaller one", "nodeCount - 2 < needed", "nodeCount - 2 <= needed"],
    [
      "one accuser confirms repeatedly",
      "if (this.confirmations >= this.expected || this.#accusers.has(from)) return false;",
      "if (this.confirmations >= this.expected) return false;",
    ],
    [
      "a suspicion always has its shortest time",
      "this.#minMs * config.suspicionMaxTimeoutMult;",
      "this.#minMs;",
    ],
  ]),
  ...faultsIn("src/core/swim/suspicions.ts", [
    ["the last of the last checks is left out", "if (left < 1) return;", "if (left < 2) return;"],
    [
      "last checks do not end",
      "this.#armLastCheck(suspicion.deadline, name, left - 1);",
      "this.#armLastCheck(suspicion.deadline, name, left);",
    ],
    ["more last checks than fit", "Math.min(config.lastChecks, fitting)", "config.lastChecks"],
    [
      "suspicions run on while the node stood still",
      "suspicion.extend(ms, now + this.#context.config.probeTimeoutMs);",
      "",
    ],
  ]),
  ...faultsIn("src/core/swim/detection/last_check.ts", [
    [
      "the reply to a last check clears nothing",
      "if (this.#membership.clearSuspicion(now, pending.node, pending.incarnation)) {",
      "if (false) {",
    ],
    ["a last check does not accuse", 'if (members.status(node) === "suspect")', "if (false)"],
  ]),
  ...faultsIn("src/core/swim/detection/witness.ts", [
    [
      "one neighbour is never probed in turn",
      "return watched[this.#turn % watched.length]!;",
      "return watched[0]!;",
    ],
    [
      "a refusal proves a crash of a member that never took a connection",
      "if (!this.#portOf(now, row).taken && since === undefined) return;",
      "",
    ],
    ["one refusal is enough", "} else if (check.since === undefined) {", "} else if (false) {"],
    ["a dial that hangs counts as a refusal", 'if (answer !== "refused" ||', 'if (answer === "taken" ||'],
    [
      "evidence holds at a later incarnation",
      " || members.incarnation(row) !== incarnation) return false;",
      ") return false;",
    ],
    [
      "evidence holds at another port",
      "return sameAddress(members.identity(row).endpoint, endpoint);",
      "return true;",
    ],
    [
      "evidence alone is a death",
      " || suspicion?.isAccusedByOther(config.name) !== true) return;",
      " || suspicion === undefined) return;",
    ],
    [
      "old evidence is good enough",
      "return now - provenAt <= this.#context.config.probeIntervalMs;",
      "return now - provenAt <= Number.MAX_VALUE;",
    ],
    ["a reply does not outweigh earlier refusals", "this.#membership.suspicions.find(name)?.disprove();", ""],
    ["everybody watches everybody", " || !this.#watched.includes(row)) return;", ") return;"],
    ["a refuted port proves crashes again", "taken: false, knockAt", "taken: true, knockAt"],
    ["knocks are unlimited", "if (this.#knocks === SwimLimits.knocks) {", "if (false) {"],
    ["several knocks at a member are under way", "if (this.#knocking.has(name)) return;", ""],
    [
      "an answer that waited in the node counts",
      "const isLate = later - now > config.probeTimeoutMs;",
      "const isLate = false;",
    ],
    ["the suspect is not pinged during the hold", "this.#lastCheck.ping(now, name);", ""],
    ["a port that took a connection is tried every ten seconds", "port.knockAt = now + renewMs;", ""],
    [
      "a port that refuses for ever is trusted for ever",
      "if (port.refusals >= refusalsMax) port.taken = false;",
      "",
    ],
  ]),
  ...faultsIn("src/core/swim/detection/round_trips.ts", [
    ["round trips outlive the address", "sameAddress(known?.endpoint, endpoint)", "true"],
    ["deviations of round trips do not count", "known.meanMs + 4 * known.deviationMs", "known.meanMs"],
    [
      "the first round trip counts for ever",
      "known.meanMs = Math.max(known.meanMs + (ms - known.meanMs) / 8, meanMinMs);",
      "",
    ],
    ["round trips pile up", "if (this.#byName.size <= SwimLimits.roundTrips) return;", "return;"],
  ]),
  ...faultsIn("src/core/swim/streams/exchange.ts", [
    ["an ack for another ping is accepted", "if (message.sequence !== ping.sequence) {", "if (false) {"],
  ]),
  ...faultsIn("src/core/swim/streams/exchanges.ts", [
    [
      "a connection that breaks counts as refused",
      '!exchange.opened && input.code === "ECONNREFUSED"',
      "!exchange.opened",
    ],
    ["a knock has no label", "if (labelHeader.length > 0) this.#sent(exchange, labelHeader);", ""],
  ]),
  ...faultsIn("src/core/swim/detection/prober.ts", [
    ["neighbours are not probed more often", "this.#watches ? this.#witness.nextToProbe() : noRow", "noRow"],
    [
      "only neighbours are probed",
      "this.#watches ? this.#witness.nextToProbe() : noRow",
      "this.#witness.nextToProbe()",
    ],
    [
      "acks through helpers count as round trips",
      "const isDirect = !round.helping || payload !== null;",
      "const isDirect = true;",
    ],
    [
      "late acks are not measured",
      "const isDirect = !round.helping || payload !== null;",
      "const isDirect = !round.helping;",
    ],
    ["a slow peer leaves no time for helpers", ", directShare * roundMs)", ")"],
    [
      "a timeout has no lower bound",
      "Math.max(roundTripMs + marginShare * setting, timeoutsMin * setting)",
      "roundTripMs",
    ],
    ["watchers are not asked first", ".slice(0, Math.max(0, config.indirectChecks - 1))", ".slice(0, 0)"],
    [
      "every seventh ack is ignored",
      "if (round === undefined || round.sequence !== sequence) return false;",
      "if (round === undefined || round.sequence !== sequence || sequence % 7 === 0) return false;",
    ],
    [
      "any ack ends the round",
      "if (round === undefined || round.sequence !== sequence) return false;",
      "if (round === undefined) return false;",
    ],
    ["a nack is counted twice", "this.#round.nacks += 1;", "this.#round.nacks += 2;"],
    ["expected nacks are not counted", "if (nack) round.expectedNacks += 1;", ""],
    [
      "nobody is asked for help",
      "for (const row of this.#helpers(round)) {",
      "for (const row of [] as Row[]) {",
    ],
    ["the target is asked for help", " && other !== node;", ";"],
    [
      "a suspect is probed without the accusation",
      'if (members.status(node) === "alive" || !config.rules.buddy) {',
      "if (true) {",
    ],
    [
      "dead members are probed",
      "if (members.name(node) === config.name || !members.isLive(node)) continue;",
      "if (members.name(node) === config.name) continue;",
    ],
    [
      "the probe timeout is not armed",
      'timers.set("probe timeout", now + timeoutMs, { kind: "probeTimeout" });',
      "",
    ],
    [
      "an unhealthy node probes as fast as others",
      "awareness.scale(config.probeIntervalMs)",
      "config.probeIntervalMs",
    ],
    [
      "the round trip is measured from zero",
      "const roundTripMs = now - round.startedAt;",
      "const roundTripMs = now;",
    ],
    [
      "a tick during a round is lost",
      "if (this.#round !== undefined) this.#tickMissed = true;",
      "if (this.#round !== undefined) return;",
    ],
    [
      "a failed probe without helpers does not lower the health",
      "round.expectedNacks > 0 ? missing : 1",
      "round.expectedNacks > 0 ? missing : 0",
    ],
    ["dead members are never forgotten", "this.#membership.reap(now);", ""],
    [
      "a member whose probe was void is skipped",
      "this.#cursor = Math.min(Math.max(0, this.#cursor - 1), members.count);",
      "",
    ],
  ]),
  ...faultsIn("src/core/swim/detection/probe_responder.ts", [
    [
      "pings for other nodes are acknowledged",
      'if (ping.node !== "" && ping.node !== config.name) {',
      "if (false) {",
    ],
    [
      "a relayed ack has the helper's sequence number",
      "sequence: relay.sequence, payload: null",
      "sequence, payload: null",
    ],
    ["nacks go to those who want none", "if (relay?.nack === true) {", "if (relay !== undefined) {"],
    ["a node that left does not repeat that", 'members.status(self) === "left") {', "false) {"],
    ["a ping before the start is fatal", "self !== noRow && members", "members"],
    [
      "the gone are not asked to refute",
      "if (row === noRow || members.isLive(row)) return undefined;",
      "return undefined;",
    ],
    [
      "whoever has a name is asked to refute",
      "if (!hasLeft && !sameAddress(endpoint, at)) return undefined;",
      "",
    ],
    ["relays are unlimited", " || this.#relays.size >= SwimLimits.relays", ""],
  ]),
  ...faultsIn("src/core/swim/gossip/gossip.ts", [
    ["a neighbour gets one packet", "packets < packetsMax;", "packets < 1;"],
    [
      "what is passed on goes back to its source",
      "return !sameAddress(members.identity(node).endpoint, source);",
      "return true;",
    ],
    [
      "few members get what a node has to say",
      "if (!this.#isOwn) return relayBreadth;",
      "return relayBreadth;",
    ],
    [
      "haste is not paced",
      "this.#hasteAt = now + (1 - this.#credit.share(now)) *",
      "this.#hasteAt = now + 0 *",
    ],
    ["haste costs nothing", "this.#credit.pay(", "void ("],
    [
      "what is held is sent as if it came in a packet",
      "if (!this.#isHeld) this.#note(from);",
      "this.#note(from);",
    ],
    [
      "of several sources the last gets nothing",
      "const source = this.#isMixed ? undefined : this.#source;",
      "const source = this.#source;",
    ],
    ["the rest gets everything again", "this.#tell(node, { below: place }", "this.#tell(node, {}"],
    [
      "nobody to tell makes a node spin",
      "if (this.#mayHasten) this.#hasteAt = this.#tickAt;",
      "if (this.#mayHasten) this.#hasteAt = now;",
    ],
    [
      "what is new waits for the interval",
      "return this.#context.tally.untold > 0 && this.#context.config.rules.eager;",
      "return false;",
    ],
    [
      "two nodes do not gossip",
      "return this.#context.members.count > 1 && this",
      "return this.#context.members.count > 2 && this",
    ],
    ["neighbours get gossip twice", " && !told.includes(node);", ";"],
    ["the only neighbour is sent everything twice", 'if (before === after) this.#forgive("after");', ""],
  ]),
  ...faultsIn("src/core/swim/gossip/credit.ts", [
    [
      "credit never comes back",
      "this.#left = Math.min(this.#max, this.#left + (now - this.#at) * this.#rate);",
      "",
    ],
    ["credit has no end", "Math.max(0, this.#left - bytes - headers)", "this.#max"],
    [
      "credit grows without bound",
      "Math.min(this.#max, this.#left + (now - this.#at) * this.#rate)",
      "this.#left + (now - this.#at) * this.#rate",
    ],
  ]),
  ...faultsIn("src/core/swim/gossip/ring.ts", [
    [
      "the neighbour behind is the farthest",
      "distance < this.#distance(this.#after)) this.#after = row;",
      "distance > this.#distance(this.#after)) this.#after = row;",
    ],
  ]),
  ...faultsIn("src/core/swim/queue/broadcasts.ts", [
    [
      "a message is sent once too often",
      "const isOver = transmits >= transmitLimit;",
      "const isOver = transmits > transmitLimit;",
    ],
    [
      "a message is sent to neighbours once too often",
      "if (this.#entries.transmits(row) < transmitLimit)",
      "if (this.#entries.transmits(row) <= transmitLimit)",
    ],
    ["an older message about a member stays", "if (name !== undefined) this.withdraw(name);", ""],
    [
      "small clusters have no least number of transmissions",
      "Math.max(retransmitMult * ceilLog10(count), least)",
      "retransmitMult * ceilLog10(count)",
    ],
    ["a full queue grows", "if (this.#length > max) this.prune(max);", ""],
    ["a neighbour gets the same message again", "    this.#entries.told(row, side);", ""],
    ["a callback is called again for the next message of its row", "this.#finished.delete(row);", ""],
    [
      "a message that just fits is dropped",
      "if (bytes.length > (this.#options",
      "if (bytes.length >= (this.#options",
    ],
    [
      "the newest message is pruned first",
      "this.#options.oldestFirst === true ? -this.#order : this.#order;",
      "this.#order;",
    ],
  ]),
  ...faultsIn("src/core/swim/queue/tier.ts", [
    ["an empty list stays in its tier", "if (list.first === noRow) this.#lists.splice(index, 1);", ""],
    [
      "an emptied list stays in its tier",
      "if (isEmpty) this.#lists.splice(index, 1);",
      "if (isEmpty) index++;",
    ],
    [
      "entries that were sent go in front of newer ones",
      "|| order(run.last) > order(list.first)) {",
      "|| true) {",
    ],
    [
      "the wrong end is expendable",
      "this.#oldestFirst ? list.first : list.last",
      "this.#oldestFirst ? list.last : list.first",
    ],
  ]),
  ...faultsIn("src/core/swim/queue/entries.ts", [
    ["bytes of sent messages are still counted", "this.#bytes -= columns.bytes[place]!.length;", ""],
    ["a row keeps the transmissions of its last message", "columns.transmits[place] = 0;", ""],
  ]),
  ...faultsIn("src/core/swim/members.ts", [
    [
      "a member that returned counts as gone",
      "if (isLive) this.#goneAt.delete(row);",
      "if (!isLive) this.#goneAt.delete(row);",
    ],

    [
      "one member is picked twice",
      "if (accept(row) && !chosen.includes(row)) chosen.push(row);",
      "if (accept(row)) chosen.push(row);",
    ],
  ]),
  ...faultsIn("src/core/swim/awareness.ts", [
    ["the health score exceeds its maximum", "Math.min(this.#max - 1,", "Math.min(this.#max,"],
  ]),
  ...faultsIn("src/core/swim/stalls.ts", [
    [
      "a stall begins at the deadline that it missed",
      "const lostMs = now - this.#inputAt;",
      "const lostMs = now - timers.next();",
    ],
    [
      "every late deadline is a stall",
      "if (now - deadline <= stallMs) return;",
      "if (now - deadline < 1) return;",
    ],
    [
      "a second stall is not noticed while a deadline is overdue",
      "if (deadline <= this.#noticedAt && lostMs <= furtherStallMs) return;",
      "if (deadline <= this.#noticedAt) return;",
    ],
    [
      "a stall is noticed again for each of its deadlines",
      "if (deadline <= this.#noticedAt && lostMs <= furtherStallMs) return;",
      "",
    ],
  ]),
  ...faultsIn("src/core/swim/swim.ts", [
    [
      "replies to last checks are not read",
      "const name = this.#lastCheck.ack(now, sequence);",
      "const name = undefined;",
    ],
    ["a reply does not outweigh refusals", "if (name !== undefined) this.#witness.replied(name);", ""],
    ["looks at ports go on after a stall", "this.#witness.forget();", ""],
    ["relays survive a stall", "this.#responder.forgetRelays();", ""],
    [
      "two nodes do not wait for an update to spread",
      "if (this.liveCount > 1) {",
      "if (this.liveCount > 2) {",
    ],
    ["a packet that could not be sent is waited for", "this.#prober.sendFailed(now, to);", ""],
    [
      "strangers may announce members",
      "if (sender !== undefined && !isAllowed(config, sender)) {",
      "if (false) {",
    ],
    [
      "faulty messages are not counted",
      "for (const fault of opened.faults) this.#malformed(from, fault);",
      "",
    ],
  ]),
  ...faultsIn("src/core/swim/transmit.ts", [
    ["announcements of members starve events", "turns.above = !turns.above", "turns.above = false"],
    ["events starve announcements of members", "turns.above = !turns.above", "turns.above = true"],
    [
      "a packet ignores the size of its first message",
      "free - part.length - partOverhead,",
      "free - partOverhead,",
    ],
    ["members of protocol 5 get no checksum", ">= crcProtocol", "> crcProtocol"],
    ["a packet ignores what encryption adds", " - labelSize(config) - encryption;", " - labelSize(config);"],
  ]),
  ...faultsIn("src/core/swim/validity.ts", [
    ["multicast addresses are accepted", "bytes.length === 4 ? 224 : 255", "bytes.length === 4 ? 240 : 255"],
    [
      "a single protocol version is refused",
      "min <= max)) return undefined;",
      "min < max)) return undefined;",
    ],
  ]),
  ...faultsIn("src/core/swim/streams/exchanges.ts", [
    [
      "a stream keeps the short time limit of a silent one",
      "if (exchange.received === 0) this.#limitTime(exchange, this.#context.config.streamTimeoutMs);",
      "",
    ],
    ["finished streams keep their places", "this.#inbound.remove(exchange);", ""],
    [
      "the label is sent back to the caller",
      'labelHeader: exchange.role.kind !== "accepting",',
      "labelHeader: true,",
    ],
    [
      "a join that cannot connect never ends",
      'if (exchange.opened || role.kind !== "ping") role.done(now, failure);',
      "if (exchange.opened) role.done(now, failure);",
    ],
  ]),
  ...faultsIn("src/core/swim/streams/full_state.ts", [
    ["one more large merge is begun", "this.#merges.count >= mergesMax", "this.#merges.count > mergesMax"],
    [
      "only later push/pulls ask for admission",
      "(remote.join ? yield* application.admitMerge(nodes) : undefined)",
      "(remote.join ? undefined : yield* application.admitMerge(nodes))",
    ],
    ["entries without a port keep port 0", "entry.port === 0 || protocol < 2", "protocol < 2"],
    [
      "the range of common protocols is widened",
      "Math.max(range.protocolMin, versions",
      "Math.min(range.protocolMin, versions",
    ],
  ]),
  ...faultsIn("src/core/swim/streams/inbound.ts", [
    [
      "the host with the fewest streams loses one",
      "each[1] > most[1] ? each : most",
      "each[1] < most[1] ? each : most",
    ],
    ["bytes of closed streams are still counted", "this.#bytes -= stream.received;", ""],
  ]),
  ...faultsIn("src/core/swim/streams/push_pull.ts", [
    [
      "a node syncs with itself",
      'members.status(other) === "alive" && members.name(other) !== config.name',
      'members.status(other) === "alive"',
    ],
    [
      "a newcomer does not wait for its gossip",
      "if (this.#context.broadcasts.entryCount > 0) this",
      "if (false) this",
    ],
    ["a newcomer that joins again syncs again", "if (this.#hasJoined || ", "if ("],
    ["large clusters sync as often as small ones", " * pushPullScale(members.count)", ""],
  ]),
];
