/** The README, as a newcomer runs it: in a clone, on a machine whose ports are free. */

import { checkPages } from "./check.ts";
import { readme } from "./readings.ts";

checkPages(readme);
