/** The Debian package: what is in it, its unit, and the agent that the unit starts. */
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageVersion } from "../../src/version.ts";
import { until } from "../interop/agents.ts";
import { lacks } from "../machine/here.ts";
import { root } from "../tidy/sources.ts";
import { compileBun, startAgent } from "./compiled.ts";

const execute = promisify(execFile);
/** The highest exposure that systemd's own analysis may find; from 0 to 10. */
const exposureMax = 2;

describe.skipIf(lacks("dpkg-deb", "bun", "loopback"))("the Debian package", { timeout: 60_000 }, () => {
  let folder: string;
  let file: string;
  /** Where it is unpacked. */
  let home: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tserf-debian-"));
    const program = await compileBun(folder);
    const arch = (await execute("dpkg", ["--print-architecture"])).stdout.trim();
    const args = [
      "run",
      "--silent",
      "debian",
      "--",
      `--program=${program}`,
      `--arch=${arch}`,
      `--out=${folder}`,
    ];
    await execute("npm", args, { cwd: root });
    file = join(folder, `tserf_${packageVersion}_${arch}.deb`);
    home = join(folder, "root");
    await execute("dpkg-deb", ["--extract", file, home]);
  }, 240_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("has its fields, and settings that an update keeps", async () => {
    const field = async (name: string): Promise<string> =>
      (await execute("dpkg-deb", ["--field", file, name])).stdout.trim();
    expect(await field("Package")).toBe("tserf");
    expect(await field("Version")).toBe(packageVersion);
    expect([await field("Conflicts"), await field("Provides")]).toEqual(["serf", "serf"]);
    const control = join(folder, "control");
    await execute("dpkg-deb", ["--control", file, control]);
    expect(await readFile(join(control, "conffiles"), "utf8")).toBe("/etc/serf/agent.json\n");
    for (const name of ["postinst", "prerm"]) await execute("sh", ["-n", join(control, name)]);
  });

  it("has programs that only root may change", async () => {
    const { stdout } = await execute("dpkg-deb", ["--contents", file]);
    const lines = stdout.trim().split("\n");
    expect(
      lines.filter((line) => !/^(-rwxr-xr-x|-rw-r--r--|drwxr-xr-x|lrwxrwxrwx) root\/root /.test(line)),
    ).toEqual([]);
    expect((await stat(join(home, "usr/bin/serf"))).mode & 0o777).toBe(0o755);
    const { stdout: version } = await execute(join(home, "usr/bin/tserf"), ["version"]);
    expect(version.split("\n")[0]).toBe(packageVersion);
  });

  it.skipIf(lacks("systemd"))("has a unit that systemd accepts, and takes for safe", async () => {
    const checked = join(folder, "checked");
    await cp(home, checked, { recursive: true });
    // The unit names what is installed elsewhere: targets and kill.
    await cp("/usr/lib/systemd/system", join(checked, "usr/lib/systemd/system"), {
      recursive: true,
      force: false,
    });
    await mkdir(join(checked, "bin"), { recursive: true });
    await cp("/bin/kill", join(checked, "bin/kill"));
    const verify = await execute("systemd-analyze", ["verify", `--root=${checked}`, "serf.service"]).catch(
      (error: { stderr: string }) => error,
    );
    expect(verify.stderr.split("\n").filter((line) => line.includes("serf.service"))).toEqual([]);
    const args = ["security", "--offline=true", `--root=${checked}`, "--no-pager", "serf.service"];
    const { stdout } = await execute("systemd-analyze", args);
    const [, exposure] = /Overall exposure level for serf.service: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThan(exposureMax);
  });

  it.skipIf(lacks("systemd"))(
    "the agent of the unit says that it is ready, reads its settings again, and leaves",
    async () => {
      const unit = await readFile(join(home, "usr/lib/systemd/system/serf.service"), "utf8");
      const [, line] = /^ExecStart=\/usr\/bin\/serf (.*)$/m.exec(unit)!;
      const [, signal] = /^KillSignal=(.*)$/m.exec(unit)!;
      await mkdir(join(folder, "state"));
      await writeFile(
        join(home, "etc/serf/agent.json"),
        JSON.stringify({ node_name: "unit", bind: "127.0.0.87:17946", rpc_addr: "127.0.0.87:17373" }),
      );
      const args = line!
        .replace("/etc/serf", join(home, "etc/serf"))
        .replace("/usr/lib/serf", join(home, "usr/lib/serf"))
        .replace("/var/lib/serf", join(folder, "state"))
        .split(" ");
      const socket = join(folder, "notify");
      // Listens as systemd does, which Node cannot.
      const listener = spawn("python3", ["-u", "-c", listen, socket]);
      let heard = "";
      listener.stdout.on("data", (chunk: Uint8Array) => {
        heard += new TextDecoder().decode(chunk);
      });
      try {
        await until("it listens", () => heard.includes("LISTENS"));
        const agent = await startAgent(join(home, "usr/bin/serf"), args, { NOTIFY_SOCKET: socket });
        try {
          await until("systemd hears that it is ready", () => heard.includes("READY=1"));
          expect(await readdir(join(folder, "state"))).toEqual(["snapshot"]);
          expect(await agent.stop(signal as NodeJS.Signals)).toBe(0);
          expect(agent.output()).toContain("Gracefully shutting down agent");
        } finally {
          agent.kill();
        }
      } finally {
        listener.kill("SIGKILL");
      }
    },
  );
});

const listen = `
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
print("LISTENS")
while True: print(server.recv(4096).decode())`;
