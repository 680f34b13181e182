import type { Authenticator } from '../../access/authenticator.ts';
import type { Exchange } from '../../exchange.ts';
import { documentAt, isDocument } from '../documents.ts';
import type { FrontRequest, FrontResponse } from '../front.ts';
import { answerAutodiscover } from './door.ts';

/** What lies beside the two services: Autodiscover, which says where EWS is, and the documents that describe it. */
export class SideDoors {
  /** Where the exchange says that EWS lies. Its front knows it. */
  url = '';
  readonly #exchange: Exchange;
  readonly #authenticator: Authenticator;

  constructor(exchange: Exchange, authenticator: Authenticator) {
    this.#exchange = exchange;
    this.#authenticator = authenticator;
  }

  /** What a request asks, by its path; '' for what is nowhere. */
  operationOf({ path }: FrontRequest): string {
    if (/^\/autodiscover\//i.test(path)) return 'Autodiscover';
    return isDocument(path) ? 'Wsdl' : '';
  }

  /** 404 for what is nowhere. */
  async answer(request: FrontRequest): Promise<FrontResponse> {
    const url = this.#urlFor(request);
    const found = answerAutodiscover(request, this.#exchange, url, (asked) => this.#authenticator.admit(asked));
    return found ?? documentAt(request, url) ?? { kind: 'answer', status: 404, headers: {}, body: '' };
  }

  /** A server that listens everywhere lies where its client has found it. */
  #urlFor({ headers: { host }, secure }: FrontRequest): string {
    const everywhere = /^https?:\/\/(?:0\.0\.0\.0|\[::\])[:/]/.test(this.url);
    return everywhere && host !== undefined ? `${secure === true ? 'https' : 'http'}://${host}/EWS/Exchange.asmx` : this.url;
  }
}
