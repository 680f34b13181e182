// The last line of .ci/run: `N passed, N failed, N skipped`, over the JSON reports of all projects. Plain JavaScript, since any Node runs it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, exitCode] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const name of reportsIn(folder)) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests;
  sum.skipped += report.numPendingTests + (report.numTodoTests ?? 0);
  // A file that can't be loaded has no test to fail.
  sum.failed += (report.testResults ?? []).filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
}
// Types, lint, or a runner that ended before its report.
if (exitCode !== '0' && sum.failed === 0) sum.failed = 1;
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);

function reportsIn(path) {
  try {
    return readdirSync(path).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
