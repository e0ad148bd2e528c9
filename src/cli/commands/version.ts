/**
 * `serf version`: the bare version and the protocols an agent speaks.
 */

import { packageVersion, protocolMax, protocolMin } from "../../version.ts";
import type { Command } from "../command.ts";

/** The command; arguments are ignored. */
export const version: Command = {
  help: "",
  async run(_args, { terminal }) {
    await terminal.write(
      `${packageVersion}\nAgent Protocol: ${protocolMax} (Understands back to: ${protocolMin})\n`,
    );
    return 0;
  },
};
