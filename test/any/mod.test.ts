import { expect, it } from "vitest";
import { currentRuntime, Serf } from "../../runtimes/any/mod.ts";

it("the package picks the runtime it runs on, and a node starts there", async () => {
  const { deno, bun } = process.versions;
  expect((await currentRuntime()).name).toBe(deno ? "deno" : bun ? "bun" : "node");
  const serf = await Serf.start({ name: "one", bind: "127.0.0.1:0" });
  try {
    expect(serf).toBeInstanceOf(Serf);
    expect({}).not.toBeInstanceOf(Serf);
    expect(serf.local).toMatchObject({ name: "one", status: "alive" });
  } finally {
    await serf.shutdown();
  }
});
