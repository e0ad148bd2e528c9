import { describe, expect, it } from "vitest";
import { World } from "../../runtimes/sim/mod.ts";
import { KeyringFile, readKeyring } from "../../src/shell/keyring_file.ts";
import { Serf } from "../../src/shell/serf.ts";

const keys = ["AAECAwQFBgcICQoLDA0ODw==", "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s="];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function host(): { world: World; runtime: ReturnType<World["runtime"]> } {
  const world = new World({ seed: 1 });
  return { world, runtime: world.addHost("a", "10.0.0.1") };
}

describe("a keyring file", () => {
  it("gives a node its keys at the start, primary first", async () => {
    const { world, runtime } = host();
    await world.settle(runtime.files.replace("/ring", bytes(JSON.stringify(keys)), 0o600));
    expect(await world.settle(readKeyring("/ring", runtime.files))).toEqual(keys);
    const options = { name: "a", bind: "10.0.0.1:7946", keyringFile: "/ring" };
    const serf = await world.settle(Serf.start(options, runtime));
    expect(serf.encrypted).toBe(true);
    const listed = await world.settle(serf.keys.list());
    expect(listed.primaryKeys).toEqual(new Map([[keys[0], 1]]));
    expect([...listed.keys.keys()]).toEqual(keys);
  });

  it.each([
    ["", "Failed to decode keyring file: unexpected end of JSON input"],
    ["[", "Failed to decode keyring file: unexpected end of JSON input"],
    ["{}", "Failed to decode keyring file: json: cannot unmarshal object into Go value of type []string"],
    ["[]", "Keyring file contains no keys"],
    ['["?"]', "Failed to decode key from keyring: illegal base64 data at input byte 0"],
    ['["AAAA"]', "Failed to restore keyring: key size must be 16, 24 or 32 bytes"],
  ])("with %j in it is rejected", async (text, message) => {
    const { world, runtime } = host();
    await world.settle(runtime.files.replace("/ring", bytes(text), 0o600));
    const start = Serf.start({ name: "a", bind: "10.0.0.1:7946", keyringFile: "/ring" }, runtime);
    await expect(world.settle(start)).rejects.toMatchObject({ code: "ERR_KEY", message });
  });

  it("that does not exist is rejected", async () => {
    const { world, runtime } = host();
    await expect(world.settle(readKeyring("/ring", runtime.files))).rejects.toMatchObject({
      code: "ERR_KEY",
      message: "stat /ring: no such file or directory",
    });
  });

  it("that cannot be written is an error of the call", async () => {
    const { world, runtime } = host();
    const file = new KeyringFile("/no/such/folder/ring", runtime.files);
    const outcomes: (string | undefined)[] = [];
    file.store(keys, (error) => outcomes.push(error));
    await world.settle(file.settled);
    expect(outcomes).toEqual(["open /no/such/folder/ring: no such file or directory"]);
  });
});
