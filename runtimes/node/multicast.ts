/**
 * Multicast DNS (RFC 6762) with the library `multicast-dns` over `node:dgram`. Questions from
 * others arrive at the common port. Our own are sent from another port, because then the answers
 * reach this process and no other on the machine.
 */
import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import multicastDns from "multicast-dns";
import type {
  DnsQuestion,
  DnsRecord,
  Multicast,
  MulticastHandler,
  MulticastSockets,
} from "../../src/host/multicast.ts";
import { SystemError } from "../../src/runtime.ts";
import { systemError } from "../shared/errors.ts";

/** How many questions of a packet are answered. */
const questionsMax = 16;
/** How many answers may be under way at the same time; further questions are ignored. */
const answersInFlightMax = 64;
/** How long to wait for the callback of `destroy`. */
const closeWaitMs = 100;

/** What is used of the library, whose types Deno does not find. The compiler of the other runtimes compares both. */
interface MulticastDns {
  query(packet: { readonly id: number; questions: LibraryQuestion[] }, sent: Sent): void;
  respond(packet: { readonly id: number; answers: LibraryRecord[] }, to: Place, sent: Sent): void;
  destroy(closed: () => void): void;
  on(event: "query" | "response", listener: (packet: LibraryPacket, from: Place) => void): unknown;
  on(event: "error", listener: () => void): unknown;
  once(event: "ready", listener: () => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
}

interface LibraryOptions {
  readonly type: "udp4" | "udp6";
  readonly ip: string;
  readonly interface?: string;
  readonly socket: Socket;
  readonly bind: string | false;
}

interface Place {
  readonly address: string;
  readonly port: number;
}

interface LibraryPacket {
  readonly id: number;
  readonly questions: LibraryQuestion[];
  readonly answers: LibraryRecord[];
  readonly additionals: LibraryRecord[];
}

interface LibraryQuestion {
  readonly name: string;
  readonly type: "PTR";
  readonly class?: "IN" | "CS" | "CH" | "HS" | "ANY";
}

type LibraryRecord =
  | LibraryField<"PTR" | "A" | "AAAA", string>
  | LibraryField<"TXT", string>
  | LibraryField<"SRV", { priority?: number; weight?: number; port: number; target: string }>;

interface LibraryField<Type, Data> {
  readonly type: Type;
  readonly name: string;
  readonly ttl?: number | undefined;
  readonly data: Data;
}

type Sent = (error: Error | null) => void;

const openLibrary: (options: LibraryOptions) => MulticastDns = multicastDns;

/** An address family on an interface. */
interface Family {
  readonly type: "udp4" | "udp6";
  readonly group: string;
  readonly any: string;
  /**
   * The interface as the library expects it: an address for IPv4, a zone for IPv6, `undefined` for
   * all.
   */
  readonly interface: string | undefined;
}

/** Opens the sockets of multicast DNS. */
export const multicast: Multicast = {
  async open(options, handler): Promise<MulticastSockets> {
    const opened: MulticastDns[] = [];
    const askers: MulticastDns[] = [];
    try {
      for (const [index, family] of families(options.interface).entries()) {
        const responder = await listen(family, handler).catch((error: unknown) => {
          // The second family is optional: a system may have only the first.
          if (index === 0) throw error;
        });
        if (!responder) continue;
        opened.push(responder);
        if (family.type === "udp4" ? !options.askIpv4 : !options.askIpv6) continue;
        const asker = await bindAsker(family, handler);
        opened.push(asker);
        askers.push(asker);
      }
    } catch (error) {
      await Promise.all(opened.map(destroy));
      throw systemError("listen", "multicast DNS", error);
    }
    return new Sockets(opened, askers);
  },
};

class Sockets implements MulticastSockets {
  readonly #opened: readonly MulticastDns[];
  readonly #askers: readonly MulticastDns[];
  #closed: Promise<void> | undefined;

  constructor(opened: readonly MulticastDns[], askers: readonly MulticastDns[]) {
    this.#opened = opened;
    this.#askers = askers;
  }

  async ask({ name, type }: DnsQuestion, id: number): Promise<void> {
    const packet = { id, questions: [{ name, type: type as "PTR" }] };
    const sent = this.#askers.map(
      (asker) =>
        new Promise<void>((resolve, reject) => {
          asker.query(packet, (error) => (error ? reject(error) : resolve()));
        }),
    );
    const results = await Promise.allSettled(sent);
    if (results.some(({ status }) => status === "fulfilled")) return;
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw systemError("send", "a question", failed.reason);
    throw new SystemError(
      "EADDRNOTAVAIL",
      "send",
      "Cannot send a question: no family of addresses to ask over",
    );
  }

  close(): Promise<void> {
    this.#closed ??= Promise.all(this.#opened.map(destroy)).then(() => {});
    return this.#closed;
  }
}

/**
 * Returns the families of an interface. IPv6 needs an interface; if none is named, it is the first
 * one that is not a loopback.
 */
function families(name: string | null): Family[] {
  const interfaces = Object.entries(networkInterfaces());
  const own = interfaces.filter(([other]) => name === null || other === name);
  const ipv4 = own.flatMap(([, list]) => list ?? []).find(({ family }) => family === "IPv4");
  const ipv6 = own.find(([, list]) =>
    list?.some(({ family, internal }) => family === "IPv6" && (name !== null || !internal)),
  );
  const found: Family[] = [];
  if (ipv4 || name === null) {
    const address = name === null ? undefined : ipv4?.address;
    found.push({ type: "udp4", group: "224.0.0.251", any: "0.0.0.0", interface: address });
  }
  if (ipv6) found.push({ type: "udp6", group: "ff02::fb", any: "::", interface: `::%${ipv6[0]}` });
  if (found.length === 0)
    throw new SystemError("EADDRNOTAVAIL", "listen", `Cannot listen on ${name}: it has no address`);
  return found;
}

/** Listens on the common port and answers questions. */
async function listen(family: Family, handler: MulticastHandler): Promise<MulticastDns> {
  const instance = create(family, { socket: newSocket(family, true), bind: family.any });
  await begun(instance, (resolve, reject) => {
    instance.once("ready", resolve);
    instance.once("error", reject);
  });
  answer(instance, handler);
  return instance;
}

/** Binds a port from which questions are sent. */
async function bindAsker(family: Family, handler: MulticastHandler): Promise<MulticastDns> {
  const socket = newSocket(family, false);
  const instance = create(family, { socket, bind: false });
  instance.on("response", ({ answers, additionals }) => {
    handler.answered([...(answers ?? []), ...(additionals ?? [])].flatMap(recordOf));
  });
  await begun(instance, (resolve, reject) => {
    socket.once("error", reject);
    socket.bind(0, family.any, () => {
      socket.removeListener("error", reject);
      resolve();
    });
  });
  return instance;
}

/**
 * Answers questions. The sender chooses the packet, its address and its port, so no error may
 * escape from here.
 */
function answer(instance: MulticastDns, handler: MulticastHandler): void {
  let inFlight = 0;
  instance.on("query", ({ id, questions }, { address, port }) => {
    const asked = (questions ?? []).slice(0, questionsMax);
    const answers = asked.flatMap(({ name, type }) => handler.asked({ name, type })).map(libraryRecord);
    if (answers.length === 0 || port === 0 || inFlight >= answersInFlightMax) return;
    // As in the mdns package of Go Serf, the answer has the id of the question only if that asks
    // for a unicast response.
    const direct = asked.some((question) => question.class !== "IN");
    inFlight += 1;
    const sent = (): void => {
      inFlight -= 1;
    };
    try {
      instance.respond({ id: direct ? id : 0, answers }, { address, port }, sent);
    } catch {
      sent();
    }
  });
}

function create(family: Family, options: Pick<LibraryOptions, "socket" | "bind">): MulticastDns {
  const { group: ip, type, interface: only } = family;
  const instance = openLibrary({ ...options, type, ip, ...(only === undefined ? {} : { interface: only }) });
  // Malformed packets are reported as warnings. An error without a listener would end the program.
  instance.on("error", () => {});
  return instance;
}

/** Creates a socket. The IPv6 socket must not accept IPv4, or it would receive everything twice. */
function newSocket({ type }: Family, reuseAddr: boolean): Socket {
  return createSocket({ type, reuseAddr, ipv6Only: type === "udp6" });
}

/** Waits until the port is bound. Destroys the instance if that fails. */
async function begun(
  instance: MulticastDns,
  executor: (resolve: () => void, reject: (error: Error) => void) => void,
): Promise<void> {
  try {
    await new Promise<void>(executor);
  } catch (error) {
    await destroy(instance);
    throw error;
  }
}

async function destroy(instance: MulticastDns): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, closeWaitMs);
    instance.destroy(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function libraryRecord(record: DnsRecord): LibraryRecord {
  const { name, ttl } = record;
  switch (record.type) {
    case "PTR":
      return { name, ttl, type: "PTR", data: record.target };
    case "SRV": {
      const { priority, weight, port, target } = record;
      return { name, ttl, type: "SRV", data: { priority, weight, port, target } };
    }
    case "A":
    case "AAAA":
      return { name, ttl, type: record.type, data: record.address };
    case "TXT":
      return { name, ttl, type: "TXT", data: record.text };
  }
}

/** Returns the record, or nothing for types that nobody uses here, such as `TXT`. */
function recordOf(record: LibraryRecord): DnsRecord[] {
  const { name, ttl = 0 } = record;
  switch (record.type) {
    case "PTR":
      return [{ name, ttl, type: "PTR", target: record.data }];
    case "A":
    case "AAAA":
      return [{ name, ttl, type: record.type, address: record.data }];
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = record.data;
      return [{ name, ttl, type: "SRV", priority, weight, port, target }];
    }
    default:
      return [];
  }
}
