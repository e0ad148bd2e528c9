/** All mutants of the core. */

import { groundMutants } from "./ground.ts";
import type { Mutant } from "./mutant.ts";
import { serfMutants } from "./serf.ts";
import { swimMutants } from "./swim.ts";

/** The mutants, in the order in which a run tries them. */
export const mutants: readonly Mutant[] = [...groundMutants, ...swimMutants, ...serfMutants];
