import { execFile } from 'node:child_process';

execFile('tsc', ['-p', 'tsconfig.node10.json'], (_error, stdout) => {
  if (!/error TS\d+:.*moduleResolution/s.test(stdout)) throw new Error(`node10 works, or fails otherwise:\n${stdout}`);
});
