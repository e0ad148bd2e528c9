/**
 * The simulator, on every runtime. It has no child processes, terminal or interfaces of a real system: those parts of the suite are run by the
 * entries of Node, Deno and Bun. Wildcards have one address of each family here, and are tested in `test/sim`.
 */
import { describe } from "vitest";
import { World } from "../../runtimes/sim/mod.ts";
import { datagrams } from "./datagrams.ts";
import { files } from "./files.ts";
import { localStreams } from "./local_streams.ts";
import { streams } from "./streams.ts";
import type { OpenSubject } from "./suite.ts";
import { clockAndRandom } from "./system.ts";

const open: OpenSubject = async () => {
  const world = new World({ seed: 1 });
  const runtime = world.addHost("a", ["10.0.0.1", "fd00::1"]);
  const peer = world.addHost("b", ["10.0.0.2", "fd00::2"]);
  world.disk("a").makeDirectory("/data/test");
  return {
    runtime,
    peer,
    routes: [
      { host: "10.0.0.1", peerHost: "10.0.0.2" },
      { host: "fd00::1", peerHost: "fd00::2" },
    ],
    directory: "/data/test",
    silentEndpoint: async () => {
      world.addHost("c", "10.0.0.3");
      world.powerOff("c");
      return { host: "10.0.0.3", port: 7946 };
    },
    drive: (body) => world.settle(body()),
    close: async () => {},
  };
};

describe("sim", () => {
  datagrams(open);
  streams(open);
  localStreams(open);
  files(open);
  clockAndRandom(open);
});
