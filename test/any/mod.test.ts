import { expect, it } from "vitest";
import { currentRuntime, Serf } from "../../runtimes/any/mod.ts";
import { RpcClient } from "../../runtimes/any/rpc.ts";

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

it("a client of agents finds it too, and takes another one", async () => {
  const refused = { code: "ERR_CONNECTION", message: "dial tcp 127.0.0.1:1: connect: connection refused" };
  const options = { address: "127.0.0.1:1" };
  await expect(RpcClient.connect(options)).rejects.toMatchObject(refused);
  await expect(RpcClient.connect(await currentRuntime(), options)).rejects.toMatchObject(refused);
  expect({} instanceof RpcClient).toBe(false);
});
