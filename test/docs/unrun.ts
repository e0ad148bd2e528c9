/** The blocks that the tests of the documents do not run, each with the reason, and the pages that other tests run. */

/** One of them. */
export interface Unrun {
  readonly page: string;
  /** What the block begins with. */
  readonly begins: string;
  readonly reason: string;
}

/** All of them. A line that fits no block any more fails the tests. */
export const unrun: readonly Unrun[] = [
  { page: "README.md", begins: "npm ci && npm test\n", reason: "runs these tests, which are running" },
  { page: "docs/consul.md", begins: "serf agent", reason: "needs a cluster of Consul" },
  { page: "docs/executables.md", begins: "apt-get install", reason: "installs into the machine" },
  {
    page: "docs/executables.md",
    begins: "npm run compile -- bun --target=linux-x64,linux-arm64\n",
    reason: "needs Docker",
  },
  { page: "docs/executables.md", begins: "kubectl apply", reason: "needs a cluster of Kubernetes" },
  { page: "docs/limits.md", begins: "deno run -A --v8", reason: "leaves out the program" },
  {
    page: "docs/moving.md",
    begins: "minority in name",
    reason: "is a line of a log, which tests of moving members expect",
  },
  { page: "docs/releasing.md", begins: "npm version minor", reason: "makes a release" },
  { page: "docs/simulation-speed.md", begins: "npm run bench:sim", reason: "measures for half an hour" },
  {
    page: "docs/simulator-page.md",
    begins: "simulator.html#",
    reason: "is the end of an address in a browser",
  },
  { page: "docs/suspicion.md", begins: "min     =", reason: "is a formula" },
  { page: "docs/testing.md", begins: "await cluster.settle", reason: "is two ways, one of which never ends" },
];

/** The pages whose blocks have a test of their own. */
export const elsewhere: ReadonlyMap<string, string> = new Map([
  ["docs/executables.md", "test/package/matrix/guides.ts"],
  ["docs/library.md", "test/library_guide.test.ts"],
  ["docs/releasing.md", "test/package/matrix/guides.ts"],
  ["docs/testing.md", "test/testing_guide.test.ts"],
  ["docs/wire-protocol.md", "test/docs/wire_protocol.test.ts"],
]);
