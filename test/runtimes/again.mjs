/**
 * A second run for tests that failed. A test that waits for real programs may fail on a busy
 * machine, but a fault in the code fails twice. Tests that passed only the second time are listed,
 * because they deserve a look.
 */
import { relative } from "node:path";

/** More failed files than this are a fault, not a busy machine; they are not run again. */
const mostFiles = 5;

/**
 * The failures of a vitest report: the file, the test's full name and the first line of its
 * message.
 */
export function failuresOf(report, root) {
  return report.testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter(({ status }) => status === "failed");
    if (failed.length === 0 && message)
      return [{ file, test: "(the file itself)", message: firstLine(message) }];
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

/**
 * Lists the failures of a run, runs their files once more with nothing beside them, and returns the
 * result of both runs. Results are as returned by `runSuite` of run.mjs, which is passed as
 * `runAgain`.
 */
export async function withSecondChance(result, runAgain) {
  const { name, failures } = result;
  if (!failures?.length) return result;
  list(`FAILED on ${name}`, failures);
  const files = [...new Set(failures.map(({ file }) => file))];
  if (files.length > mostFiles) return result;
  const second = await runAgain(name, files);
  if (second.missing !== undefined) return result;
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
