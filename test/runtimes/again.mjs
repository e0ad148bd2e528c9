/**
 * A second run for tests that failed. A test that waits for real programs may fail on a busy
 * machine, but a fault in the code fails twice. Tests that passed only the second time are listed,
 * because they deserve a look.
 */
import { relative } from "node:path";

/** More failed files than this are a fault, not a busy machine; they are not run again. */
const mostFiles = 5;

/** What stands in place of a test's name when a file failed as a whole. */
const wholeFile = "(the file itself)";

/**
 * The failures of a vitest report: the file, the test's full name and the first line of its
 * message.
 */
export function failuresOf(report, root) {
  return report.testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter(({ status }) => status === "failed");
    if (failed.length === 0 && message) return [{ file, test: wholeFile, message: firstLine(message) }];
    return failed.map(({ fullName, failureMessages }) => ({
      file,
      test: fullName,
      message: firstLine(failureMessages[0] ?? ""),
    }));
  });
}

function firstLine(text) {
  return text.split("\n", 1)[0];
}

function list(title, failures) {
  for (const { file, test, message } of failures) console.log(`${title}: ${file} > ${test}\n    ${message}`);
}

/** The arguments for vitest that run nothing but these failures, one after the other. */
export function argumentsFor(failures) {
  const files = [...new Set(failures.map(({ file }) => file))];
  const alone = [...files, "--maxConcurrency=1"];
  if (failures.some(({ test }) => test === wholeFile)) return alone;
  const names = failures.map(({ test }) => test.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return [...alone, `--testNamePattern=^(?:${names.join("|")})$`];
}

/**
 * Lists the failures of a run, runs them once more with nothing beside them, and returns the result
 * of both runs. A failure that the second run did not find counts still. Results are as returned by
 * `runSuite` of run.mjs, which is passed as `runAgain`.
 */
export async function withSecondChance(result, runAgain) {
  const { name, failures } = result;
  if (!failures?.length) return result;
  list(`FAILED on ${name}`, failures);
  if (new Set(failures.map(({ file }) => file)).size > mostFiles) return result;
  const second = await runAgain(name, argumentsFor(failures));
  if (second.missing !== undefined || second.passed + second.failed < failures.length) return result;
  const isStill = ({ file, test }) =>
    second.failures.some((other) => other.file === file && other.test === test);
  list(
    `PASSED ONLY THE SECOND TIME on ${name}`,
    failures.filter((failure) => !isStill(failure)),
  );
  list(`FAILED TWICE on ${name}`, second.failures);
  const recovered = result.failed - second.failed;
  return { ...second, passed: result.passed + recovered, skipped: result.skipped };
}
