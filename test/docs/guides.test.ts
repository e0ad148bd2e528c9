/** The guides: each is worked through by a reader who has the commands installed. */

import { checkPages } from "./check.ts";
import { guides } from "./readings.ts";

checkPages(guides);
