/**
 * A cluster in a simulated world: the network is cut in two, each side declares the other failed, and after it heals all find each other
 * again. Three minutes of virtual time take less than a second, and the same seed prints the same lines, always and on every runtime.
 */

import { type Runtime, type Serf, SerfNode } from "tserf";
import { World } from "tserf/sim";
