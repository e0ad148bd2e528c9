/**
 * What agents say of themselves through multicast DNS, and what they understand of each other. Pure: questions and records go in and out.
 */

import type { DnsQuestion, DnsRecord } from "../../host/multicast.ts";
import { canonicalHost, joinHostPort } from "../../net/address.ts";

/** An agent as others find it. */
export interface Service {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Name of the node. */
  readonly node: string;
  readonly hostname: string;
  /** Where the agent takes joins, numeric. */
  readonly address: string;
  readonly port: number;
}

/** Seconds that others may remember a record. */
const ttl = 120;

/** Bytes of a label, the part of a name between dots. */
const labelSizeMax = 63;

/** Bytes of a whole name. */
const nameSizeMax = 253;

/** Bytes of a service's name, which leaves room for the label of an instance. */
const serviceSizeMax = nameSizeMax - labelSizeMax - 1;

/**
 * The service's name, `_serf_NAME._tcp.local`; `undefined` if it does not fit into DNS. A dot in
 * NAME separates labels.
 */
export function serviceName(cluster: string): string | undefined {
  const name = `_serf_${cluster}._tcp.local`;
  const fits = name.split(".").every((label) => label !== "" && byteLength(label) <= labelSizeMax);
  return fits && byteLength(name) <= serviceSizeMax ? name : undefined;
}

/** Records that answer a question; none for a question that is about something else. Names are compared exactly. */
export function answersTo({ name, type }: DnsQuestion, service: Service): DnsRecord[] {
  const own = serviceName(service.cluster);
  if (own === undefined) return [];
  const host = carried(service.hostname, nameSizeMax);
  const instance = `${carried(service.node, nameSizeMax - byteLength(own) - 1)}.${own}`;
  const asks = (...types: string[]): boolean => type === "ANY" || types.includes(type);
  const { address: text, port } = service;
  const address: DnsRecord = { name: host, ttl, type: text.includes(":") ? "AAAA" : "A", address: text };
  const location: DnsRecord = {
    name: instance,
    ttl,
    type: "SRV",
    priority: 10,
    weight: 1,
    port,
    target: host,
  };
  const note: DnsRecord = { name: instance, ttl, type: "TXT", text: `Serf '${service.cluster}' cluster` };
  switch (name) {
    case "_services._dns-sd._udp.local":
      return asks("PTR") ? [{ name, ttl, type: "PTR", target: own }] : [];
    case own:
      return asks("PTR") ? [{ name, ttl, type: "PTR", target: instance }, location, address, note] : [];
    case instance:
      if (type === "ANY") return [location, address, note];
      if (type === "SRV") return [location, address];
      if (type === "TXT") return [note];
      return type === address.type ? [address] : [];
    case host:
      return asks(address.type) ? [address] : [];
    default:
      return [];
  }
}

/** `host:port` of every agent of a service that an answer tells of. An agent with addresses of both families has its IPv4 one. */
export function addressesIn(records: readonly DnsRecord[], service: string): string[] {
  const hosts = new Map<string, string>();
  for (const record of records) {
    if (record.type !== "A" && record.type !== "AAAA") continue;
    const address = canonicalHost(record.address);
    if (address === undefined || (record.type === "AAAA" && hosts.has(record.name))) continue;
    hosts.set(record.name, address);
  }
  const found = new Set<string>();
  for (const record of records) {
    if (record.type !== "SRV" || record.port === 0 || !record.name.endsWith(`.${service}`)) continue;
    const address = hosts.get(record.target);
    if (address !== undefined) found.add(joinHostPort(address, record.port));
  }
  return [...found];
}

/** A name as far as DNS can carry it: empty labels are left out and long ones are cut. Nobody looks for these names. */
function carried(name: string, sizeMax: number): string {
  const labels: string[] = [];
  let size = 0;
  for (const label of name.split(".")) {
    const cut = cutTo(label, Math.min(labelSizeMax, sizeMax - size));
    if (cut === "") continue;
    labels.push(cut);
    size += byteLength(cut) + 1;
  }
  return labels.join(".") || "_";
}

/** The longest beginning that has at most so many bytes. */
function cutTo(text: string, sizeMax: number): string {
  let cut = "";
  let size = 0;
  for (const letter of text) {
    size += byteLength(letter);
    if (size > sizeMax) break;
    cut += letter;
  }
  return cut;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
