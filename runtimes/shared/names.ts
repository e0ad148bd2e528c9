/** Go's names of operating systems and machines, which Serf shows its users. */

const systems: Readonly<Record<string, string>> = { win32: "windows", sunos: "solaris" };
const machines: Readonly<Record<string, string>> = {
  x64: "amd64",
  x86_64: "amd64",
  aarch64: "arm64",
  ia32: "386",
  mipsel: "mipsle",
};

/** Returns Go's name of an operating system for that of Node or Deno. */
export function systemName(platform: string): string {
  return systems[platform] ?? platform;
}

/** Returns Go's name of a machine for that of Node or Deno. */
export function machineName(arch: string): string {
  return machines[arch] ?? arch;
}
