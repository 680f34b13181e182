/** The lists of mailboxes excluded from a claim, updated change by change. */
import { describe, expect, it } from 'vitest';
import { Admissions } from '../../../src/spooler/lanes/admissions.ts';
import { Circuit, type Endpoint, type Lane } from '../../../src/spooler/lanes/circuit.ts';

function endpoint(name: string): Endpoint {
  return { name, circuit: new Circuit(), lanes: new Map(), oneByOne: false };
}

function lane(name: string, endpoint: Endpoint, size = 4): Lane {
  const made: Lane = { name, endpoint, circuit: new Circuit(), inFlight: 0, limit: { size, successes: 0 } };
  endpoint.lanes.set(name, made);
  return made;
}

/** Opens a circuit at `now`, for so many ms. */
function open({ circuit }: { readonly circuit: Circuit }, now: number, ms: number): void {
  circuit.failed({
    now,
    startedAt: now,
    openedBy: 'connection',
    reason: { code: 'CONNECTION_LOST', text: 'It broke.' },
    retryIn: () => ms,
  });
}

const namesOf = (owners: Iterable<{ readonly name: string }>): string[] => [...owners].map(({ name }) => name);

describe('the index of restricted mailboxes and endpoints', () => {
  it('knows which are closed, and determines when a trial may run', () => {
    const { lanes } = new Admissions();
    const [a, b] = ['a', 'b'].map((name) => lane(name, endpoint('mail')));
    if (a === undefined || b === undefined) throw new Error('two lanes');
    open(a, 0, 5_000);
    lanes.update(a, 0);
    open(b, 0, 7_000);
    lanes.update(b, 0);
    expect([namesOf(lanes.closed), namesOf(lanes.trial), lanes.size, lanes.trials]).toEqual([['a', 'b'], [], 2, 0]);
    expect([lanes.nextChange(0), lanes.nextChange(1_000)]).toEqual([5_000, 4_000]);
    lanes.advance(4_999);
    expect(namesOf(lanes.trial)).toEqual([]);
    const before = lanes.version;
    lanes.advance(5_000);
    expect([namesOf(lanes.closed), namesOf(lanes.trial), lanes.size, lanes.trials]).toEqual([['b'], ['a'], 2, 1]);
    expect([lanes.version - before, lanes.nextChange(5_000)]).toEqual([1, 2_000]);
  });

  it('has a new version whenever something admits more or less than before, and only then', () => {
    const { lanes } = new Admissions();
    const a = lane('a', endpoint('mail'));
    lanes.update(a, 0);
    expect([lanes.version, lanes.nextChange(0), lanes.size]).toEqual([0, undefined, 0]);
    open(a, 0, 5_000);
    lanes.update(a, 0);
    lanes.update(a, 100);
    expect(lanes.version).toBe(1);
    lanes.update(a, 5_000);
    lanes.update(a, 6_000);
    expect([lanes.version, namesOf(lanes.trial)]).toEqual([2, ['a']]);
    a.circuit.worked({ now: 7_000, startedAt: 6_500, delivery: true });
    lanes.update(a, 7_000);
    expect([lanes.version, lanes.size]).toEqual([3, 0]);
    lanes.update(a, 8_000);
    expect(lanes.version).toBe(3);
  });

  it('delays a trial that finds nothing by a second, yet still admits it', () => {
    const { lanes } = new Admissions();
    const a = lane('a', endpoint('mail'));
    const b = lane('b', endpoint('mail'));
    for (const one of [a, b]) {
      open(one, 0, 10);
      lanes.update(one, 10);
    }
    lanes.putOff(a, 100);
    lanes.putOff(b, 200);
    const shown = (): unknown[] => [namesOf(lanes.trial), namesOf(lanes.admitting()), lanes.size, lanes.trials];
    expect(shown()).toEqual([[], ['a', 'b'], 2, 2]);
    lanes.advance(1_099);
    expect(shown()).toEqual([[], ['a', 'b'], 2, 2]);
    lanes.advance(1_100);
    expect(shown()).toEqual([['a'], ['a', 'b'], 2, 2]);
    lanes.tryAgain(b);
    expect(namesOf(lanes.trial)).toEqual(['a', 'b']);
    lanes.putOff(a, 1_200);
    lanes.putOff(b, 1_200);
    lanes.tryAllAgain();
    expect(namesOf(lanes.trial)).toEqual(['a', 'b']);
  });

  it('delays or repeats nothing else', () => {
    const { lanes } = new Admissions();
    const a = lane('a', endpoint('mail'));
    lanes.putOff(a, 0);
    lanes.tryAgain(a);
    expect([lanes.size, namesOf(lanes.trial)]).toEqual([0, []]);
    open(a, 0, 10_000);
    lanes.update(a, 0);
    lanes.putOff(a, 0);
    lanes.tryAgain(a);
    expect([namesOf(lanes.closed), namesOf(lanes.admitting())]).toEqual([['a'], []]);
  });

  it('closes a delayed one that fails again, and forgets others regardless of the clock', () => {
    const { lanes } = new Admissions();
    const a = lane('a', endpoint('mail'));
    open(a, 0, 10);
    lanes.update(a, 10);
    lanes.putOff(a, 10);
    open(a, 20, 500);
    lanes.update(a, 20);
    expect([namesOf(lanes.closed), namesOf(lanes.admitting()), lanes.size]).toEqual([['a'], [], 1]);
    const { version } = lanes;
    lanes.forget(a);
    expect([lanes.version - version, lanes.size, lanes.nextChange(20)]).toEqual([1, 0, undefined]);
    lanes.advance(90_000);
    expect(lanes.size).toBe(0);
    lanes.forget(a);
    expect(lanes.version - version).toBe(1);
  });
});

describe('the mailboxes excluded from a claim', () => {
  it('are those of an unreachable server and those blocked themselves, once each', () => {
    const admissions = new Admissions();
    const [mail, other] = [endpoint('mail'), endpoint('other')];
    const [a, b, c, d] = [lane('a', mail), lane('b', mail), lane('c', other), lane('d', other)];
    for (const one of [a, b, c, d]) admissions.joined(one, 0);
    expect([admissions.notOpen(), admissions.closed()]).toEqual([[], []]);
    open(mail, 0, 5_000);
    admissions.endpoints.update(mail, 0);
    open(a, 0, 9_000);
    admissions.lanes.update(a, 0);
    open(c, 0, 3_000);
    admissions.lanes.update(c, 0);
    expect([admissions.notOpen(), admissions.closed()]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    admissions.advance(5_000);
    // A trial may go to its server, but not to that mailbox.
    expect([admissions.closed(), admissions.notOpen()]).toEqual([['a'], ['a', 'b', 'c']]);
    admissions.advance(9_000);
    expect([admissions.closed(), admissions.notOpen()]).toEqual([[], ['a', 'b', 'c']]);
  });

  it('are the same list until it changes, so that spools can tell', () => {
    const admissions = new Admissions();
    const mail = endpoint('mail');
    const a = lane('a', mail);
    open(mail, 0, 5_000);
    admissions.endpoints.update(mail, 0);
    admissions.joined(a, 0);
    const first = admissions.closed();
    expect(first).toEqual(['a']);
    expect(admissions.closed()).toBe(first);
    admissions.moved();
    expect(admissions.closed()).not.toBe(first);
  });

  it('include later mailboxes of a closed server without a new list of all', () => {
    const admissions = new Admissions();
    const mail = endpoint('mail');
    for (let n = 0; n < 400; n++) lane(`old${n}`, mail);
    open(mail, 0, 5_000);
    admissions.endpoints.update(mail, 0);
    expect(admissions.closed()).toHaveLength(400);
    // 16 and twice the root of 400: with one more, all are listed again.
    for (let n = 0; n < 57; n++) {
      admissions.joined(lane(`new${n}`, mail), 0);
      expect(admissions.closed()).toHaveLength(401 + n);
      expect(new Set(admissions.closed()).size).toBe(401 + n);
    }
    for (const name of ['open', 'closed']) expect(admissions.notOpen(), name).toEqual(admissions.closed());
  });

  it('exclude a mailbox added during a trial of its server, which the trial may use', () => {
    const admissions = new Admissions();
    const mail = endpoint('mail');
    open(mail, 0, 10);
    admissions.endpoints.update(mail, 10);
    expect(admissions.notOpen()).toEqual([]);
    admissions.joined(lane('a', mail), 10);
    expect([admissions.notOpen(), admissions.closed()]).toEqual([['a'], []]);
  });

  it('exclude mailboxes that have left, or moved to a working server', () => {
    const admissions = new Admissions();
    const mail = endpoint('mail');
    const a = lane('a', mail, 1);
    admissions.joined(a, 0);
    admissions.count(a, () => {
      a.inFlight += 1;
    });
    expect([admissions.closed(), admissions.isBusy(a)]).toEqual([['a'], true]);
    admissions.left(a, 0);
    expect([admissions.closed(), admissions.isBusy(a)]).toEqual([[], false]);
    const b = lane('b', mail);
    open(mail, 0, 5_000);
    admissions.endpoints.update(mail, 0);
    admissions.joined(b, 0);
    open(b, 0, 5_000);
    admissions.lanes.update(b, 0);
    expect([...new Set(admissions.closed())]).toEqual(['a', 'b']);
    mail.lanes.clear();
    admissions.left(b, 0);
    expect([admissions.closed(), admissions.lanes.size]).toEqual([[], 0]);
  });

  it('include a mailbox while its maximum of requests is running', () => {
    const admissions = new Admissions();
    const a = lane('a', endpoint('mail'), 2);
    admissions.joined(a, 0);
    const count = (by: number): void =>
      admissions.count(a, () => {
        a.inFlight += by;
      });
    count(1);
    const before = admissions.closed();
    expect([before, admissions.isBusy(a)]).toEqual([[], false]);
    count(1);
    const busy = admissions.closed();
    expect([busy, admissions.notOpen(), admissions.isBusy(a)]).toEqual([['a'], ['a'], true]);
    count(1);
    expect(admissions.closed()).toBe(busy);
    count(-2);
    expect([admissions.closed(), admissions.isBusy(a)]).toEqual([[], false]);
  });
});

it('the smallest remaining capacity of all mailboxes with capacity is known', () => {
  const admissions = new Admissions();
  const mail = endpoint('mail');
  expect(admissions.leastFree(4)).toBe(4);
  const [a, b] = [lane('a', mail), lane('b', mail)];
  admissions.joined(a, 0);
  admissions.joined(b, 0);
  const count = (one: Lane, by: number): void =>
    admissions.count(one, () => {
      one.inFlight += by;
    });
  count(a, 1);
  expect(admissions.leastFree(4)).toBe(3);
  count(b, 3);
  expect(admissions.leastFree(4)).toBe(1);
  count(b, 1);
  expect(admissions.leastFree(4)).toBe(3);
  admissions.left(a, 0);
  expect(admissions.leastFree(4)).toBe(4);
  expect(admissions.leastFree(1)).toBe(1);
});
