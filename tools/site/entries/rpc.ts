export * from "../../../runtimes/node/rpc.ts";
