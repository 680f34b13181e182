const first = '2026-03-16T08:00:00+00:00 9';
const [second, last] = ['2026-03-23T08:00:00+00:00 9', '2026-04-06T07:00:00+00:00 9'];
const later = '2026-03-30T10:00:00+00:00 12 Exception Later';

/** The expected result of each step of scripts/exchangelib_calendar.py: nine in Berlin is eight in UTC until 29 March 2026, and seven after. */
export const expectedCalendar: Readonly<Record<string, unknown>> = {
  'a series across the change of clocks': [first, second, '2026-03-30T07:00:00+00:00 9', last].map(
    (one) => `${one} Occurrence Stand-up`,
  ),
  'what the series says of itself': [
    ...['RecurringMaster', 4, '2026-03-16T08:00:00+00:00', '2026-04-06T07:00:00+00:00', 'Europe/Berlin'],
  ],
  'one occurrence that changes': [
    [`${first} Occurrence Stand-up`, `${second} Occurrence Stand-up`, later, `${last} Occurrence Stand-up`],
    ['2026-03-30T07:00:00+00:00 2026-03-30T10:00:00+00:00'],
    true,
  ],
  'one occurrence that is gone': [
    [`${first} Occurrence Stand-up`, later, `${last} Occurrence Stand-up`],
    ['2026-03-23T08:00:00+00:00'],
    ['EXDATE;TZID=W. Europe Standard Time:20260323T090000', 'RECURRENCE-ID;TZID=W. Europe Standard Time:20260330T090000'],
  ],
  'free and busy by the clocks of the account': [['2026-03-30 12:00:00', '2026-03-30 13:00:00', 'Busy']],
  'the series that goes': [[], 0],
  'an absence, and the reply to a mail': [[['Automatic reply: Question', 'dave@contoso.test', true]], 2],
  'the time zone of the account': [
    'W. Europe Standard Time',
    '(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna',
    -60,
    [
      [0, 10, 5, 7, '03:00:00'],
      [-60, 3, 5, 7, '02:00:00'],
    ],
    ['(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna', null],
  ],
  'all time zones': [139, 139],
};
