import {
  Appointment,
  CalendarView,
  ConflictResolutionMode,
  DateTime,
  DayOfTheWeek,
  DeleteMode,
  Recurrence,
  SendCancellationsMode,
  SendInvitationsMode,
  SendInvitationsOrCancellationsMode,
  WellKnownFolderName,
} from 'ews-javascript-api';
import { expect } from 'vitest';
import type { World } from './ews-javascript-api.ts';

/** A series by ews-javascript-api: 4, 11 and 18 May 2026 are Mondays. */
export const calendar: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'makes a series, changes one occurrence, deletes another, then all': async ({ service, exchange }) => {
    const view = async (): Promise<readonly string[]> => {
      const days = new CalendarView(DateTime.Parse('2026-05-01T00:00:00Z'), DateTime.Parse('2026-06-01T00:00:00Z'));
      const { Items } = await service.FindAppointments(WellKnownFolderName.Calendar, days);
      return Items.map((one) => `${one.Start.ToISOString().slice(0, 16)} ${one.Subject}`);
    };
    const series = new Appointment(service);
    series.Subject = 'Weekly';
    series.Start = DateTime.Parse('2026-05-04T09:00:00Z');
    series.End = DateTime.Parse('2026-05-04T10:00:00Z');
    const pattern = new Recurrence.WeeklyPattern();
    pattern.StartDate = series.Start;
    pattern.DaysOfTheWeek.Add(DayOfTheWeek.Monday);
    pattern.NumberOfOccurrences = 3;
    series.Recurrence = pattern;
    await series.Save(SendInvitationsMode.SendToNone);
    expect(await view()).toEqual(['2026-05-04T09:00 Weekly', '2026-05-11T09:00 Weekly', '2026-05-18T09:00 Weekly']);

    const second = await Appointment.BindToOccurrence(service, series.Id, 2);
    second.Subject = 'Monthly';
    await second.Update(ConflictResolutionMode.AlwaysOverwrite, SendInvitationsOrCancellationsMode.SendToNone);
    const third = await Appointment.BindToOccurrence(service, series.Id, 3);
    await third.Delete(DeleteMode.HardDelete, SendCancellationsMode.SendToNone);
    expect(await view()).toEqual(['2026-05-04T09:00 Weekly', '2026-05-11T09:00 Monthly']);

    const master = await Appointment.BindToRecurringMaster(service, second.Id);
    expect([master.ModifiedOccurrences.Count, master.DeletedOccurrences.Count]).toEqual([1, 1]);
    expect(master.LastOccurrence.Start.ToISOString().slice(0, 10)).toBe('2026-05-11');
    await master.Delete(DeleteMode.HardDelete, SendCancellationsMode.SendToNone);
    expect(await view()).toEqual([]);
    expect(
      exchange
        .mailbox('alice@contoso.test')
        .folder('calendar')
        .items.some((one) => one.subject === 'Weekly'),
    ).toBe(false);
  },
};
