import type {
  DeliverOptions,
  DeliveryOutcome,
  Mailbox,
  Note,
  Place,
  ProbeResult,
  Transport,
} from '../../src/transport/contract.ts';

/** A scripted transport: it keeps the notes it was given and returns what the test says, by default `delivered` and `absent`. */
export class FakeTransport implements Transport {
  readonly name = 'fake';
  /** Every note that was handed over, in order. */
  readonly delivered: Note[] = [];
  readonly batches: (readonly Note[])[] = [];
  readonly probed: Note[] = [];
  answer: (note: Note, options: DeliverOptions) => DeliveryOutcome | Promise<DeliveryOutcome> = (note) => ({
    status: 'delivered',
    messageClass: note.messageClass,
  });
  answerProbe: (note: Note) => ProbeResult | Promise<ProbeResult> = () => ({ status: 'absent' });
  place: (from: Mailbox) => Place = (from) => ({ endpoint: 'https://exchange.test', mailbox: from.address, folder: 'history' });
  closed = 0;

  async deliver(notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]> {
    this.batches.push(notes);
    this.delivered.push(...notes);
    return Promise.all(notes.map((note) => this.answer(note, options)));
  }

  async probe(notes: readonly Note[]): Promise<readonly ProbeResult[]> {
    this.probed.push(...notes);
    return Promise.all(notes.map((note) => this.answerProbe(note)));
  }

  placeOf(from: Mailbox): Place {
    return this.place(from);
  }

  canProbe(place: Place): boolean {
    const here = this.place({ address: place.mailbox });
    return place.endpoint === here.endpoint && place.mailbox === here.mailbox;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}
