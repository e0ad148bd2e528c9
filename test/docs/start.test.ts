/** The pages that get a reader started, one for each way to run the package. */

import { checkPages } from "./check.ts";
import { starts } from "./readings.ts";

checkPages(starts);
