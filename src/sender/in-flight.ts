import { senderStopped } from '../spooler/opening.ts';

/**
 * How far a `send()` has come. `opening`: it waits for the spool, which ends in any case; what it rejects with then says more than that the sender was
 * stopped. `appending`: from now on nobody can say that nothing was kept.
 */
export type SendStage = 'preparing' | 'opening' | 'appending';

/** A `send()` that somebody waits for. */
export class SendUnderWay {
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
export class SendsUnderWay {
  /** Nothing is appended any more. */
  givenUp = false;
  readonly #sends = new Set<SendUnderWay>();
  #idle: (() => void) | undefined;

  run<Result>(work: (send: SendUnderWay) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const send = new SendUnderWay(reject, this);
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

  /** Resolves when nobody waits for a send any more. */
  idle(): Promise<void> {
    if (this.#sends.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** What is being prepared ends; an opening and appends end by themselves, or are abandoned. */
  giveUp(): void {
    this.givenUp = true;
    for (const send of this.#sends) if (send.stage === 'preparing') this.#end(send, notKept());
  }

  /** Ends the others too; says what they were. */
  abandon(unknown: (messageId: string) => unknown): readonly string[] {
    this.givenUp = true;
    const appending = [...this.#sends].filter(({ stage }) => stage === 'appending');
    const others = this.#sends.size - appending.length;
    for (const send of this.#sends) this.#end(send, send.stage === 'appending' ? unknown(send.messageId) : notKept());
    return [
      ...(others === 0 ? [] : [`${others} send()`]),
      ...(appending.length === 0 ? [] : [`${appending.length} send() whose append has no answer`]),
    ];
  }

  #end(send: SendUnderWay, error: unknown): void {
    send.reject(error);
    this.#remove(send);
  }

  #remove(send: SendUnderWay): void {
    this.#sends.delete(send);
    if (this.#sends.size === 0) this.#idle?.();
  }
}

function notKept(): Error {
  return senderStopped('The sender was stopped before the message could be accepted; nothing of it was kept.');
}
