import type { SimulatorCore } from '../simulator/core.ts';
import type { FrontRequest, FrontResponse } from '../simulator/http/front.ts';
import type { SimulatedExchange } from '../simulator/simulated-exchange.ts';
import { answerApi, errorAnswer } from './api/api.ts';
import { apiRoot } from './api/document.ts';
import { notFound } from './api/route.ts';
import { admit, type GuardOptions } from './guard.ts';
import { pageFile } from './page/page.ts';

/** Whether a request is for the inspector, not for Exchange. */
export function isInspectors(path: string): boolean {
  return /^\/_exchange(?:[/?]|$)/.test(path);
}

/** The web page at `/_exchange/` and the API below it: both look into an exchange, and change it. */
export class Inspector {
  readonly #exchange: SimulatedExchange;
  readonly #core: SimulatorCore;
  readonly #guard: GuardOptions;

  constructor(exchange: SimulatedExchange, core: SimulatorCore, guard: GuardOptions) {
    this.#exchange = exchange;
    this.#core = core;
    this.#guard = guard;
  }

  async handle(request: FrontRequest): Promise<FrontResponse> {
    const [path = ''] = request.path.split('?', 1);
    try {
      // What the page is made of is no secret, and a script or style can't say a token.
      const file = request.method === 'GET' ? pageFile(path) : undefined;
      if (file !== undefined && path !== '/_exchange/') return file;
      admit(request, this.#guard);
      if (file !== undefined) return file;
      if (path === apiRoot || path.startsWith(`${apiRoot}/`)) return await answerApi(request, this.#exchange, this.#core);
      throw notFound(`path ${path}`);
    } catch (error) {
      return errorAnswer(error);
    }
  }
}
