/**
 * The time of memberlist's own codec in Go, in microseconds, on the bytes on which `codec.ts` measures ours.
 * What it takes to measure that is copied next to memberlist's sources, as its functions are not exported.
 * Needs Go. `--json=FILE` writes the figures to a file, too.
 */

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { find, searchHere } from "../machine/here.ts";
import {
  compound,
  encodedAlive,
  key,
  sealedAlive,
  sealedCompound,
  sizes,
  state,
  userMessage,
} from "./codec_inputs.ts";
import { median, Results } from "./results.ts";

/** The one of Serf 0.10.2, beside which agents are measured, too. */
const memberlist = "github.com/hashicorp/memberlist@v0.5.2";
const rounds = 5;

const { values } = parseArgs({ options: { json: { type: "string" } } });
await searchHere(["go"]);
const { path: go, missing } = find("go");
if (go === undefined) throw new Error(missing);

const folder = mkdtempSync(join(tmpdir(), "tserf-go-codec-"));
try {
  const run = (args: readonly string[], cwd: string, env: Record<string, string> = {}): string =>
    execFileSync(go, args, { cwd, env: { ...process.env, ...env }, encoding: "utf8" });
  const { Dir: source } = JSON.parse(run(["mod", "download", "-json", memberlist], folder)) as {
    Dir: string;
  };
  const copy = join(folder, "memberlist");
  cpSync(source, copy, { recursive: true, filter: (path) => !path.endsWith("_test.go") });
  execFileSync("chmod", ["-R", "u+w", copy]);
  cpSync(fileURLToPath(new URL("go/codec_test.go", import.meta.url)), join(copy, "codec_test.go"));
  const inputs = join(folder, "inputs.json");
  writeFileSync(inputs, JSON.stringify(inputsOfGo()));
  const output = run(
    ["test", "-mod=mod", "-run=^$", "-bench=.", "-benchtime=100ms", `-count=${rounds}`, "-cpu=1", "."],
    copy,
    {
      TSERF_INPUTS: inputs,
    },
  );
  const results = resultsOf(output);
  console.log("Go, microseconds, AES-256");
  console.log(results.text());
  results.save(values.json);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function inputsOfGo(): object {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  return {
    Key: base64(key),
    Alive: base64(encodedAlive),
    SealedAlive: base64(sealedAlive),
    Compound: base64(compound),
    SealedCompound: base64(sealedCompound),
    State: base64(state),
    Messages: Object.fromEntries(sizes.map((size) => [size, base64(userMessage(size))])),
  };
}

/** Reads what `go test` prints: a name, how often it ran, and nanoseconds. */
function resultsOf(output: string): Results {
  const times = new Map<string, number[]>();
  for (const [, name, ns] of output.matchAll(/^BenchmarkCodec\/(\S+)\s+\d+\s+([\d.]+) ns\/op/gm)) {
    const figure = name!.replaceAll("_", " ");
    times.set(figure, [...(times.get(figure) ?? []), Number(ns) / 1_000]);
  }
  if (times.size === 0) throw new Error(`Go has measured nothing:\n${output}`);
  const results = new Results();
  for (const [figure, list] of times) results.set(figure, "memberlist", median(list));
  return results;
}
