/**
 * Translates errors of the runtimes to {@link SystemError}. Node and Bun put a POSIX name into
 * `code`; so does Deno for errors of the system, and its other errors have classes with names.
 */
import { SystemError, type SystemErrorCode } from "../../src/runtime.ts";

/** The POSIX names, and behind each the other names and classes that mean the same. */
const names: readonly (readonly [SystemErrorCode, ...string[]])[] = [
  ["EACCES", "EBUSY", "Busy", "PermissionDenied"],
  ["EADDRINUSE", "AddrInUse"],
  ["EADDRNOTAVAIL", "EAFNOSUPPORT", "AddrNotAvailable"],
  ["ECONNREFUSED", "ConnectionRefused"],
  ["ECONNRESET", "ECONNABORTED", "ConnectionAborted", "ConnectionReset"],
  ["EEXIST", "AlreadyExists"],
  ["EHOSTUNREACH", "EHOSTDOWN"],
  ["EINVAL"],
  ["EISDIR", "IsADirectory"],
  ["EMFILE", "ENFILE"],
  ["EMSGSIZE"],
  ["ENETUNREACH", "ENETDOWN", "NetworkUnreachable"],
  ["ENOENT", "NotFound"],
  ["ENOSPC", "EDQUOT"],
  ["ENOTDIR", "NotADirectory"],
  ["ENOTFOUND", "EAI_AGAIN", "EAI_NONAME", "EAI_NODATA", "ENODATA", "DNS_ENOTFOUND", "DNS_ENODATA"],
  ["EPERM", "NotCapable"],
  [
    "EPIPE",
    "ENOTCONN",
    "ERR_STREAM_DESTROYED",
    "ERR_STREAM_WRITE_AFTER_END",
    "ERR_SOCKET_CLOSED",
    "BrokenPipe",
    "NotConnected",
  ],
  ["EROFS"],
  ["ETIMEDOUT", "ETIMEOUT", "TimedOut"],
  ["ECANCELED", "ABORT_ERR", "AbortError", "BadResource", "Interrupted"],
];

const codes: ReadonlyMap<string, SystemErrorCode> = new Map(
  names.flatMap((row) => row.map((name) => [name, row[0]] as const)),
);

/**
 * Translates an error of a runtime. `subject` is what was operated on: an endpoint, a path or a
 * program.
 */
export function systemError(operation: string, subject: string, error: unknown): SystemError {
  if (error instanceof SystemError) return error;
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  const known = codes.get(String(code)) ?? codes.get(String(name)) ?? "EUNKNOWN";
  const reason = typeof message === "string" ? message : String(error);
  return new SystemError(known, operation, `Cannot ${operation} ${subject}: ${reason}`, { cause: error });
}

/** Returns the error of a dial that took too long. */
export function timedOut(subject: string, timeoutMs: number | undefined): SystemError {
  return new SystemError(
    "ETIMEDOUT",
    "connect",
    `Cannot connect ${subject}: no answer within ${timeoutMs} ms`,
  );
}

/** Returns the error of an operation that its owner ended. */
export function canceled(operation: string, subject: string): SystemError {
  return new SystemError("ECANCELED", operation, `Cannot ${operation} ${subject}: it was closed`);
}
