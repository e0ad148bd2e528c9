export * from "../../../runtimes/node/mod.ts";
