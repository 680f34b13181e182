// The last lines of .ci/run: which files had tests skipped, then what failed, each with the beginning of its reason, and `N passed, N failed, N skipped`,
// over the JSON reports of all projects, and what types, lint and the matrix left beside them. Who sees only the end of the output still learns which test it
// was. Plain JavaScript, since any Node runs it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [folder, exitCode] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const failed = [];
for (const name of found('.json')) {
  const report = JSON.parse(textOf(name));
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests;
  sum.skipped += report.numPendingTests + (report.numTodoTests ?? 0);
  for (const file of report.testResults ?? []) {
    const path = relative(process.cwd(), file.name);
    const left = file.assertionResults.filter(({ status }) => !['passed', 'failed'].includes(status));
    // Its name tells the package that is missing, or what this machine can't do.
    if (left.length > 0)
      skipped.push(`skipped: ${path}: ${left.length} of ${file.assertionResults.length}, the first: ${left[0].fullName}`);
    for (const test of file.assertionResults) {
      if (test.status === 'failed') tell(`${path}: ${test.fullName}`, test.failureMessages?.[0]);
    }
    // A file that can't be loaded has no test to fail.
    if (file.status !== 'failed' || file.assertionResults.length > 0) continue;
    tell(`${path}: the file itself`, file.message);
    sum.failed += 1;
  }
}
for (const name of found('.txt')) {
  // What the matrix says is there whether it failed or not.
  const text = name === 'matrix.txt' ? fromFailure(textOf(name)) : textOf(name);
  if (text === '') continue;
  tell(name.replace('.txt', ''), text);
  sum.failed += 1;
}
if (exitCode !== '0' && sum.failed === 0) {
  sum.failed = 1;
  failed.push(
    `failed: no test, but the run: an error outside of any test, or a runner that ended before its report (exit code ${exitCode})`,
  );
}
for (const line of [...skipped, ...failed]) console.log(line);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);

function tell(what, reason) {
  const lines = String(reason ?? 'no reason is kept')
    .split('\n', 6)
    .map((line) => line.slice(0, 200));
  failed.push(`failed: ${what}\n    ${lines.join('\n    ')}`);
}

function fromFailure(text) {
  const at = text.search(/^FAILED/m);
  return at < 0 ? '' : text.slice(at);
}

function textOf(name) {
  return readFileSync(join(folder, name), 'utf8');
}

function found(ending) {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(ending));
  } catch {
    return [];
  }
}
