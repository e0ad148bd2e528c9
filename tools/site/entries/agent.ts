export * from "../../../runtimes/node/agent.ts";
