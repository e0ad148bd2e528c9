import { expect, it } from "vitest";
import { currentRuntime } from "../../../runtimes/any/mod.ts";
import type { StreamInput } from "../../../src/core/effects.ts";
import type { Connection } from "../../../src/runtime.ts";
import { NodeStreams } from "../../../src/shell/network/streams.ts";

it("tells the core the code of a failed dial, on every runtime", async () => {
  const runtime = await currentRuntime();
  const inputs: StreamInput[] = [];
  const streams = new NodeStreams(runtime, {
    accept: () => undefined,
    stream: (_id, input) => inputs.push(input),
  });
  const listener = await runtime.streams.listen({ host: "127.0.0.1", port: 0 }, (connection: Connection) =>
    connection.close(),
  );
  const { port } = listener.local;
  await listener.close();
  await streams.dial(1, { host: "127.0.0.1", port }, 1_000);
  const reason = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
  expect(inputs).toEqual([{ kind: "failed", code: "ECONNREFUSED", reason }]);
});
