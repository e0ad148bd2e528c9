import { describe, expect, it } from "vitest";
import { KeyError } from "../../src/shell/keys.ts";
import { Cluster } from "../simulation/cluster.ts";

const first = "AAECAwQFBgcICQoLDA0ODw==";
const second = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=";
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function cluster(options: object): Promise<Cluster> {
  const nodes = new Cluster({ size: 3, seed: 5, network: { latencyMs: [1, 3] }, options });
  await nodes.join();
  await nodes.world.run(5_000);
  return nodes;
}

describe("keys of a cluster", () => {
  it("are changed on all members and kept in the keyring file", async () => {
    const nodes = await cluster({ encryptKey: first, keyringFile: "/keyring" });
    const { keys } = nodes.node("n1");
    const both = [keys.install(second), keys.use(second)];
    const [installed, used] = await nodes.world.settle(Promise.all(both));
    expect(installed).toMatchObject({ nodes: 3, responses: 3, failures: 0 });
    expect(used!.primaryKeys).toEqual(new Map([["", 3]]));
    const listed = await nodes.world.settle(keys.list());
    expect(listed.keys).toEqual(
      new Map([
        [first, 3],
        [second, 3],
      ]),
    );
    expect(listed.primaryKeys).toEqual(new Map([[second, 3]]));
    const file = await nodes.world.settle(nodes.world.runtime("n2").files.read("/keyring"));
    expect(text(file)).toBe(`[\n  "${second}",\n  "${first}"\n]`);
    const status = await nodes.world.settle(nodes.world.runtime("n2").files.status("/keyring"));
    expect(status.mode! & 0o777).toBe(0o600);
    await nodes.world.settle(keys.remove(first));
    await nodes.converge(nodes.names, { n0: "alive", n1: "alive", n2: "alive" }, 10_000);
  });

  it("that a member rejects are an error with its name and reason", async () => {
    const nodes = await cluster({ encryptKey: first });
    const { keys } = nodes.node("n0");
    const failure = await nodes.world.settle(keys.use(second).catch((error: unknown) => error));
    expect(failure).toBeInstanceOf(KeyError);
    const { message, code, result } = failure as KeyError;
    expect([message, code]).toEqual(["3/3 nodes reported failure", "ERR_KEY"]);
    expect(result.messages.get("n2")).toBe("requested key is not in the keyring");
    await expect(nodes.world.settle(keys.install("###"))).rejects.toMatchObject({
      code: "ERR_KEY",
      message: "illegal base64 data at input byte 0",
    });
  });

  it("do not exist without encryption", async () => {
    const nodes = await cluster({});
    const failure = await nodes.world.settle(
      nodes
        .node("n0")
        .keys.list()
        .catch((error: Error) => error),
    );
    expect((failure as KeyError).message).toBe("3/3 nodes reported failure");
    expect(nodes.node("n0").encrypted).toBe(false);
  });

  it("that not all members answer are an error with the counts", async () => {
    const nodes = await cluster({ encryptKey: first });
    nodes.world.powerOff("n2");
    const failure = await nodes.world.settle(
      nodes
        .node("n0")
        .keys.list()
        .catch((error: Error) => error),
    );
    expect((failure as KeyError).message).toBe("2/3 nodes reported success");
  });
});
