// The last lines of .ci/run: what failed, each with the beginning of its reason, and `N passed, N failed, N skipped`, over the JSON reports of all
// projects. Who sees only the end of the output still learns which test it was. Plain JavaScript, since any Node runs it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [folder, exitCode] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const name of reportsIn(folder)) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests;
  sum.skipped += report.numPendingTests + (report.numTodoTests ?? 0);
  for (const file of report.testResults ?? []) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    for (const test of failed) tell(file.name, test.fullName, test.failureMessages?.[0]);
    // A file that can't be loaded has no test to fail.
    if (file.status !== 'failed' || file.assertionResults.length > 0) continue;
    tell(file.name, 'the file itself', file.message);
    sum.failed += 1;
  }
}
if (exitCode !== '0' && sum.failed === 0) {
  sum.failed = 1;
  console.log(
    `failed: no test, but the run: types, lint, the matrix, an error outside of any test, or a runner that ended before its report (exit code ${exitCode})`,
  );
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);

function tell(file, test, reason) {
  const lines = String(reason ?? 'no reason is kept')
    .split('\n', 6)
    .map((line) => line.slice(0, 200));
  console.log(`failed: ${relative(process.cwd(), file)}: ${test}\n    ${lines.join('\n    ')}`);
}

function reportsIn(path) {
  try {
    return readdirSync(path).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
