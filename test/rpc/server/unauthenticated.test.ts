import { expect, test } from "vitest";
import {
  Unauthenticated,
  unauthenticatedMax,
  unauthenticatedPerSourceMax,
} from "../../../src/rpc/server/unauthenticated.ts";

interface Client {
  readonly name: string;
  silent: boolean;
}

const client = (name: string): Client => ({ name, silent: true });

function fill(clients: Unauthenticated<Client>, host: string, count: number): Client[] {
  const added = Array.from({ length: count }, (_, index) => client(`${host} ${index}`));
  for (const one of added) expect(clients.add(one, host)).toBeUndefined();
  return added;
}

test("of one source the oldest that has sent nothing is given up", () => {
  const clients = new Unauthenticated<Client>();
  const added = fill(clients, "10.0.0.1", unauthenticatedPerSourceMax);
  added[0]!.silent = false;
  expect(clients.add(client("new"), "10.0.0.1")).toBe(added[1]);
  for (const one of added) one.silent = false;
  clients.delete(added[2]!);
  expect(clients.add(client("next"), "10.0.0.1")).toBeUndefined();
  expect(clients.size).toBe(unauthenticatedPerSourceMax);
});

test("a source that has its share does not touch the others", () => {
  const clients = new Unauthenticated<Client>();
  fill(clients, "10.0.0.2", 3);
  const [first] = fill(clients, "10.0.0.1", unauthenticatedPerSourceMax);
  expect(clients.add(client("new"), "10.0.0.1")).toBe(first);
  expect(clients.add(client("new"), "10.0.0.2")).toBeUndefined();
});

test("if all places are taken, the source with most gives one up", () => {
  const clients = new Unauthenticated<Client>();
  fill(clients, "10.0.0.3", unauthenticatedMax - unauthenticatedPerSourceMax - 1);
  const [first] = fill(clients, "10.0.0.1", unauthenticatedPerSourceMax);
  fill(clients, "10.0.0.4", 1);
  expect(clients.add(client("new"), "10.0.0.2")).toBe(first);
  expect(clients.size).toBe(unauthenticatedMax);
});

test("a network of IPv6 is one source", () => {
  const clients = new Unauthenticated<Client>();
  const [first] = fill(clients, "2001:db8:1:2::1", unauthenticatedPerSourceMax);
  expect(clients.add(client("new"), "2001:db8:1:2:ffff::9")).toBe(first);
  expect(clients.add(client("new"), "2001:db8:1:3::1")).toBeUndefined();
});
