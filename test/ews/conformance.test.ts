import { describe, it } from 'vitest';
import { basicAuth, EwsTransport } from '../../src/ews/index.ts';
import { transportConformance } from '../../src/testing/index.ts';
import { overSimulator } from './support/conformance.ts';

describe('EwsTransport', () => {
  transportConformance({ describe, it }, (options) =>
    overSimulator(({ url, username, password, deadline, notesPerRequest }) => {
      return new EwsTransport({
        url,
        credentials: basicAuth({ username, password }),
        ...(deadline === undefined ? {} : { deadline }),
        ...(notesPerRequest === undefined ? {} : { batchSize: notesPerRequest }),
      });
    }, options),
  );
});
