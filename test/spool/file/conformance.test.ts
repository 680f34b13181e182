import { describe, it } from 'vitest';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { spoolConformance } from '../../../src/testing.ts';
import { onDisk } from '../on-disk.ts';

describe('FileSpool', () => {
  spoolConformance(
    { describe, it },
    onDisk((root) => new FileSpool({ root })),
  );
});
