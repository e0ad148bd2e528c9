/**
 * `serf version`: the bare version and the protocols an agent speaks.
 */

import { PROTOCOL_MAX, PROTOCOL_MIN, VERSION } from "../../version.ts";
import type { Command } from "../command.ts";

/** The command; arguments are ignored. */
export const version: Command = {
  help: "",
  async run(_args, { terminal }) {
    await terminal.write(
      `${VERSION}\nAgent Protocol: ${PROTOCOL_MAX} (Understands back to: ${PROTOCOL_MIN})\n`,
    );
    return 0;
  },
};
