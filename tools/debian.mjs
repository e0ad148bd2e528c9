/**
 * Makes a Debian package of a program of one file: `npm run debian`, of `programs/serf-bun` for this machine, or `npm run debian --
 * --program=programs/serf-bun-linux-arm64 --arch=arm64 --out=FOLDER`. It has the commands `serf` and `tserf` and a systemd unit, and takes
 * the place of Debian's own package `serf`. Needs `dpkg-deb`.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    program: { type: "string", default: join(root, "programs", "serf-bun") },
    arch: { type: "string", default: process.arch === "x64" ? "amd64" : process.arch },
    out: { type: "string", default: join(root, "programs") },
  },
});
const { version, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const program = resolve(values.program);
const target = join(resolve(values.out), `tserf_${version}_${values.arch}.deb`);
const folder = mkdtempSync(join(tmpdir(), "tserf-debian-"));

try {
  fill(folder);
  mkdirSync(dirname(target), { recursive: true });
  const args = ["--root-owner-group", "-Zgzip", "--build", folder, target];
  const { status, error } = spawnSync("dpkg-deb", args, { stdio: ["ignore", "ignore", "inherit"] });
  if (error !== undefined) throw new Error(`cannot run dpkg-deb: ${error.message}`);
  if (status !== 0) throw new Error("dpkg-deb failed, see above");
  console.log(`Packed ${target}`);
} catch (error) {
  console.error(`Cannot make the package: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Lays out what is installed, and what dpkg reads. */
function fill(to) {
  const deploy = join(root, "deploy");
  const put = (path, from, mode = 0o644) => {
    mkdirSync(join(to, dirname(path)), { recursive: true });
    copyFileSync(from, join(to, path));
    chmodSync(join(to, path), mode);
  };
  chmodSync(to, 0o755);
  put("usr/bin/serf", program, 0o755);
  symlinkSync("serf", join(to, "usr/bin/tserf"));
  put("usr/lib/serf/ready", join(deploy, "debian/ready"), 0o755);
  put("usr/lib/systemd/system/serf.service", join(deploy, "serf.service"));
  put("etc/serf/agent.json", join(deploy, "debian/agent.json"));
  const docs = "usr/share/doc/tserf";
  put(`${docs}/copyright`, join(root, "LICENSE"));
  put(`${docs}/README.md`, join(root, "README.md"));
  writeFileSync(
    join(to, docs, "changelog.gz"),
    gzipSync(readFileSync(join(root, "CHANGELOG.md")), { level: 9 }),
  );
  for (const name of ["postinst", "prerm"]) put(`DEBIAN/${name}`, join(deploy, "debian", name), 0o755);
  writeFileSync(join(to, "DEBIAN/conffiles"), "/etc/serf/agent.json\n");
  writeFileSync(join(to, "DEBIAN/control"), control());
}

function control() {
  const fields = {
    Package: "tserf",
    Version: version,
    Architecture: values.arch,
    Maintainer: "tserf <tserf@localhost>",
    "Installed-Size": Math.ceil(statSync(program).size / 1024),
    Depends: "libc6 (>= 2.28)",
    Provides: "serf",
    Conflicts: "serf",
    Replaces: "serf",
    Section: "net",
    Priority: "optional",
    Description: description,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}
