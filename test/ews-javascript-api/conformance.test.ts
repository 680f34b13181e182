import { ExchangeService, Uri, WebCredentials } from 'ews-javascript-api';
import { describe, it } from 'vitest';
import { fromExchangeService } from '../../src/ews-javascript-api.ts';
import { transportConformance } from '../../src/testing.ts';
import { overSimulator } from '../ews/support/conformance.ts';

describe('fromExchangeService', () => {
  transportConformance({ describe, it }, (options) =>
    overSimulator(({ url, username, password, deadline, notesPerRequest }) => {
      const service = new ExchangeService();
      service.Url = new Uri(url);
      service.Credentials = new WebCredentials(username, password);
      return fromExchangeService(service, {
        ...(deadline === undefined ? {} : { requestTimeout: deadline }),
        ...(notesPerRequest === undefined ? {} : { notesPerRequest: notesPerRequest }),
      });
    }, options),
  );
});
