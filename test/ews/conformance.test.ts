import { describe, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { transportConformance } from '../../src/testing.ts';
import { overSimulator } from './support/conformance.ts';

describe('EwsTransport', () => {
  transportConformance({ describe, it }, (options) =>
    overSimulator(({ url, username, password, deadline, notesPerRequest }) => {
      return new EwsTransport({
        url,
        credentials: basicAuth({ username, password }),
        ...(deadline === undefined ? {} : { requestTimeout: deadline }),
        ...(notesPerRequest === undefined ? {} : { notesPerRequest: notesPerRequest }),
      });
    }, options),
  );
});
