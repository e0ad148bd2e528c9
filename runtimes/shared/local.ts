/** The paths of unix domain sockets. */
import { type Address, SystemError } from "../../src/runtime.ts";

/** The lowest limit of all systems in bytes, without the final zero. */
const pathSizeMax = 103;

/**
 * Returns the path of a unix domain socket as {@link Address}. Throws SystemError (`EINVAL`) if it
 * is empty, or too long: Node would truncate it.
 */
export function localAddress(operation: string, path: string): Address {
  const size = new TextEncoder().encode(path).length;
  if (size > 0 && size <= pathSizeMax) return { host: path, port: 0 };
  const fault = size === 0 ? "the path is empty" : `the path has ${size} bytes, more than ${pathSizeMax}`;
  throw new SystemError("EINVAL", operation, `Cannot ${operation} ${path}: ${fault}`);
}
