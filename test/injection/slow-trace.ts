/** For `--import`: a trace takes a while to be written, and a folder can't be removed meanwhile, as when a file is created between its removal and that of its folder. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';

const { open, rm } = fs.promises;
let writing = 0;
fs.promises.open = async (path, ...rest) => {
  if (!String(path).endsWith('trace.log')) return open(path, ...rest);
  writing += 1;
  try {
    await wait(50);
    return await open(path, ...rest);
  } finally {
    writing -= 1;
  }
};
fs.promises.rm = async (path, options) => {
  if (options?.recursive === true && writing > 0) throw Object.assign(new Error('ENOTEMPTY: injected'), { code: 'ENOTEMPTY' });
  await rm(path, options);
};
syncBuiltinESMExports();
