/** Systems and machines by the names that Serf's users know, which are Go's. */

const systems: Readonly<Record<string, string>> = { win32: "windows", sunos: "solaris" };
const machines: Readonly<Record<string, string>> = {
  x64: "amd64",
  x86_64: "amd64",
  aarch64: "arm64",
  ia32: "386",
  mipsel: "mipsle",
};

/** Go's name of a system, from Node's or Deno's. */
export function systemName(platform: string): string {
  return systems[platform] ?? platform;
}

/** Go's name of a machine, from Node's or Deno's. */
export function machineName(arch: string): string {
  return machines[arch] ?? arch;
}
