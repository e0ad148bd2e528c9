/** Programs of one file for other machines, which cannot be started here: each is a program of its system and its processor. */
import { execFile } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks } from "../../machine/here.ts";
import { root } from "../../tidy/sources.ts";

const execute = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tserf-targets-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The first bytes of a file. */
async function head(name: string): Promise<DataView> {
  const file = await open(join(folder, name));
  const bytes = new Uint8Array(1024);
  await file.read(bytes, 0, bytes.length, 0);
  await file.close();
  return new DataView(bytes.buffer);
}

/** The processor in a file of the system: ELF for Linux, Mach-O for macOS, PE for Windows. */
function processorOf(view: DataView): string {
  if (view.getUint32(0) === 0x7f454c46) return `elf ${view.getUint16(18, true).toString(16)}`;
  if (view.getUint32(0, true) === 0xfeedfacf) return `mach ${view.getUint32(4, true).toString(16)}`;
  const pe = view.getUint32(0x3c, true);
  return `pe ${view.getUint32(pe).toString(16)} ${view.getUint16(pe + 4, true).toString(16)}`;
}

describe.skipIf(lacks("bun"))("npm run compile -- bun --target=all", { timeout: 600_000 }, () => {
  it("makes a program for each machine, and a line of checksums for each", async () => {
    const args = ["run", "--silent", "compile", "--", "bun", "--target=all", `--out=${folder}`];
    await execute("npm", args, { cwd: root });
    const programs = {
      "serf-bun-darwin-arm64": "mach 100000c",
      "serf-bun-darwin-x64": "mach 1000007",
      "serf-bun-linux-arm64": "elf b7",
      "serf-bun-linux-x64": "elf 3e",
      "serf-bun-windows-x64.exe": "pe 50450000 8664",
    };
    for (const [name, processor] of Object.entries(programs))
      expect(processorOf(await head(name)), name).toBe(processor);
    const sums = await readFile(join(folder, "SHA256SUMS"), "utf8");
    expect(sums.split("\n").map((line) => line.slice(66))).toEqual([...Object.keys(programs), ""]);
    await execute("sha256sum", ["--check", "SHA256SUMS"], { cwd: folder });
  });
});
