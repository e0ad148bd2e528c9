/** Unix domain sockets: what every runtime does about their paths. */
import { type Address, SystemError } from "../../src/runtime.ts";

/** The shortest limit of the systems, without the final zero. */
const pathSizeMax = 103;

/** The address of a local socket as {@link Address}. `EINVAL` when the path is empty or too long, which Node would cut off. */
export function localAddress(operation: string, path: string): Address {
  const size = new TextEncoder().encode(path).length;
  if (size > 0 && size <= pathSizeMax) return { host: path, port: 0 };
  const fault = size === 0 ? "the path is empty" : `the path has ${size} bytes, more than ${pathSizeMax}`;
  throw new SystemError("EINVAL", operation, `Cannot ${operation} ${path}: ${fault}`);
}
