/**
 * Translates errors of the runtimes to {@link SystemError}. Node and Bun put a POSIX name into
 * `code`; so does Deno for errors of the system, and its other errors have classes with names.
 */
import { SystemError, type SystemErrorCode } from "../../src/runtime.ts";

/** The POSIX names, and the other names and classes that mean the same. */
const codes: ReadonlyMap<string, SystemErrorCode> = new Map<string, SystemErrorCode>([
  ["EACCES", "EACCES"],
  ["EADDRINUSE", "EADDRINUSE"],
  ["EADDRNOTAVAIL", "EADDRNOTAVAIL"],
  ["ECONNREFUSED", "ECONNREFUSED"],
  ["ECONNRESET", "ECONNRESET"],
  ["EEXIST", "EEXIST"],
  ["EHOSTUNREACH", "EHOSTUNREACH"],
  ["EINVAL", "EINVAL"],
  ["EISDIR", "EISDIR"],
  ["EMFILE", "EMFILE"],
  ["EMSGSIZE", "EMSGSIZE"],
  ["ENETUNREACH", "ENETUNREACH"],
  ["ENOENT", "ENOENT"],
  ["ENOSPC", "ENOSPC"],
  ["ENOTDIR", "ENOTDIR"],
  ["ENOTFOUND", "ENOTFOUND"],
  ["EPERM", "EPERM"],
  ["EPIPE", "EPIPE"],
  ["EROFS", "EROFS"],
  ["ETIMEDOUT", "ETIMEDOUT"],
  ["ETIMEOUT", "ETIMEDOUT"],
  ["ECANCELED", "ECANCELED"],
  ["ECONNABORTED", "ECONNRESET"],
  ["EAFNOSUPPORT", "EADDRNOTAVAIL"],
  ["EHOSTDOWN", "EHOSTUNREACH"],
  ["ENETDOWN", "ENETUNREACH"],
  ["ENFILE", "EMFILE"],
  ["EBUSY", "EACCES"],
  ["EDQUOT", "ENOSPC"],
  ["ENOTCONN", "EPIPE"],
  ["EAI_AGAIN", "ENOTFOUND"],
  ["EAI_NONAME", "ENOTFOUND"],
  ["EAI_NODATA", "ENOTFOUND"],
  ["ENODATA", "ENOTFOUND"],
  ["DNS_ENOTFOUND", "ENOTFOUND"],
  ["DNS_ENODATA", "ENOTFOUND"],
  ["ERR_STREAM_DESTROYED", "EPIPE"],
  ["ERR_STREAM_WRITE_AFTER_END", "EPIPE"],
  ["ERR_SOCKET_CLOSED", "EPIPE"],
  ["ABORT_ERR", "ECANCELED"],
  ["AbortError", "ECANCELED"],
  ["AddrInUse", "EADDRINUSE"],
  ["AddrNotAvailable", "EADDRNOTAVAIL"],
  ["AlreadyExists", "EEXIST"],
  ["BadResource", "ECANCELED"],
  ["BrokenPipe", "EPIPE"],
  ["Busy", "EACCES"],
  ["ConnectionAborted", "ECONNRESET"],
  ["ConnectionRefused", "ECONNREFUSED"],
  ["ConnectionReset", "ECONNRESET"],
  ["Interrupted", "ECANCELED"],
  ["IsADirectory", "EISDIR"],
  ["NetworkUnreachable", "ENETUNREACH"],
  ["NotADirectory", "ENOTDIR"],
  ["NotCapable", "EPERM"],
  ["NotConnected", "EPIPE"],
  ["NotFound", "ENOENT"],
  ["PermissionDenied", "EACCES"],
  ["TimedOut", "ETIMEDOUT"],
]);

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
