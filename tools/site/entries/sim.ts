export * from "../../../runtimes/sim/mod.ts";
