import { type Stoppable, type StopSignals, settled } from '../core/stop.ts';
import { senderStopped } from '../spooler/opening.ts';
import { unansweredAppend } from './accept.ts';

/**
 * How far a `send()` has come. `opening`: it waits for the spool, which ends in any case; what it rejects with then says more than that the sender was
 * stopped. `appending`: from now on nobody can say that nothing was kept.
 */
export type SendStage = 'preparing' | 'opening' | 'appending';

/** A `send()` that somebody waits for. */
export class InFlightSend {
  stage: SendStage = 'preparing';
  messageId = '';
  readonly reject: (error: unknown) => void;
  readonly #all: { readonly givenUp: boolean };

  constructor(reject: (error: unknown) => void, all: { readonly givenUp: boolean }) {
    this.reject = reject;
    this.#all = all;
  }

  /** Call it before each stage. @throws {OfflineImError} `SENDER_STOPPED` once it was given up */
  enter(stage: SendStage, messageId = ''): void {
    if (this.#all.givenUp) throw notKept();
    this.stage = stage;
    this.messageId = messageId;
  }
}

/** Every `send()` under way, so that stop() can wait for them, and can end them for whoever waits. */
export class InFlightSends implements Stoppable {
  /** Nothing is appended any more. */
  givenUp = false;
  readonly #sends = new Set<InFlightSend>();
  #idle: (() => void) | undefined;

  run<Result>(work: (send: InFlightSend) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const send = new InFlightSend(reject, this);
      this.#sends.add(send);
      work(send).then(
        (result) => {
          resolve(result);
          this.#remove(send);
        },
        (error: unknown) => this.#end(send, error),
      );
    });
  }

  /** On `soft` what is being prepared is rejected, and nothing is appended any more; an opening and appends end by themselves, or are left behind. */
  async stop(signals: StopSignals): Promise<readonly string[]> {
    await settled(this.#whenIdle(), signals, () => {
      this.givenUp = true;
      for (const send of this.#sends) if (send.stage === 'preparing') this.#end(send, notKept());
    });
    this.givenUp = true;
    const appending = [...this.#sends].filter(({ stage }) => stage === 'appending');
    const others = this.#sends.size - appending.length;
    for (const send of this.#sends) {
      this.#end(send, send.stage === 'appending' ? unansweredAppend(send.messageId) : notKept());
    }
    return [
      ...(others === 0 ? [] : [`${others} send()`]),
      ...(appending.length === 0 ? [] : [`${appending.length} send() whose append has no answer`]),
    ];
  }

  #whenIdle(): Promise<void> {
    if (this.#sends.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #end(send: InFlightSend, error: unknown): void {
    send.reject(error);
    this.#remove(send);
  }

  #remove(send: InFlightSend): void {
    this.#sends.delete(send);
    if (this.#sends.size === 0) this.#idle?.();
  }
}

function notKept(): Error {
  return senderStopped('The sender was stopped before the message could be accepted; nothing of it was kept.');
}
