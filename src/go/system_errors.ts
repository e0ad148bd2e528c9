/**
 * Failures of the system in the words of Go, which scripts and people search for: `connect:
 * connection refused`.
 */

import { joinHostPort } from "../net/address.ts";
import { type Address, SystemError, type SystemErrorCode } from "../runtime.ts";

const texts: Readonly<Partial<Record<SystemErrorCode, string>>> = {
  EACCES: "permission denied",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EEXIST: "file exists",
  EHOSTUNREACH: "no route to host",
  EINVAL: "invalid argument",
  EISDIR: "is a directory",
  EMFILE: "too many open files",
  EMSGSIZE: "message too long",
  ENETUNREACH: "network is unreachable",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  EPERM: "operation not permitted",
  EPIPE: "broken pipe",
  EROFS: "read-only file system",
  ECANCELED: "use of closed network connection",
};

/** The system's reason, in POSIX words. */
export function systemText(error: unknown): string {
  if (!(error instanceof SystemError)) return String((error as Error).message);
  return texts[error.code] ?? error.message;
}

/** A failed dial: `dial tcp 127.0.0.1:7946: connect: connection refused`. */
export function dialText(to: Address, error: unknown): string {
  const where = `dial tcp ${joinHostPort(to.host, to.port)}`;
  if (error instanceof SystemError && error.code === "ETIMEDOUT") return `${where}: i/o timeout`;
  return `${where}: connect: ${systemText(error)}`;
}

/** A failed bind: `listen tcp 127.0.0.1:7946: bind: address already in use`. */
export function listenText(network: "tcp" | "udp", at: Address, error: unknown): string {
  return `listen ${network} ${joinHostPort(at.host, at.port)}: bind: ${systemText(error)}`;
}

/** Several failures as one text: `2 errors occurred:` and a line each. */
export function errorList(errors: readonly string[]): string {
  const head = errors.length === 1 ? "1 error occurred:" : `${errors.length} errors occurred:`;
  return `${head}\n${errors.map((error) => `\t* ${error}\n`).join("")}\n`;
}
