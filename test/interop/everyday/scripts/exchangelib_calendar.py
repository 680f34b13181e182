"""A calendar in a zone that changes its clocks, with exchangelib: a series, an absence, time zones. Prints one line of JSON: a result for each step."""

import json
import sys
from datetime import timedelta

from exchangelib import BASIC, DELEGATE, UTC, Account, CalendarItem, Configuration, Credentials, EWSDate, EWSDateTime, EWSTimeZone, Mailbox, Message, OofSettings, Version
from exchangelib.fields import MONDAY
from exchangelib.recurrence import Recurrence, WeeklyPattern
from exchangelib.version import EXCHANGE_2016

url, dave, carol = sys.argv[1:4]
berlin = EWSTimeZone("Europe/Berlin")


def account_of(address):
    config = Configuration(
        service_endpoint=url, credentials=Credentials(address, "secret"), auth_type=BASIC, version=Version(build=EXCHANGE_2016)
    )
    return Account(address, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=berlin)


a, other = account_of(dave), account_of(carol)
steps = {}


def step(name):
    def run(function):
        try:
            steps[name] = function()
        except Exception as error:  # the test names the step and the error
            steps[name] = f"{type(error).__name__}: {error}"[:300]
        return function

    return run


def at(month, day, hour=0):
    return EWSDateTime(2026, month, day, hour, tzinfo=berlin)


def utc(time):
    return time.astimezone(UTC).isoformat()


def view():
    found = sorted(a.calendar.view(start=at(3, 1), end=at(5, 1)), key=lambda item: item.start)
    return [f"{utc(item.start)} {item.start.astimezone(berlin).hour} {item.type} {item.subject}" for item in found]


series = CalendarItem(
    account=a, folder=a.calendar, subject="Stand-up", start=at(3, 16, 9), end=at(3, 16, 10),
    recurrence=Recurrence(pattern=WeeklyPattern(interval=1, weekdays=[MONDAY]), start=EWSDate(2026, 3, 16), number=4),
)


@step("a series across the change of clocks")
def _():
    series.save()
    return view()


@step("what the series says of itself")
def _():
    master = a.calendar.get(subject="Stand-up")
    return [
        master.type, master.recurrence.boundary.number, utc(master.first_occurrence.start), utc(master.last_occurrence.start),
        str(master._start_timezone),
    ]


@step("one occurrence that changes")
def _():
    third = series.occurrence(index=3)
    third.refresh()
    third.start += timedelta(hours=3)
    third.end += timedelta(hours=3)
    third.subject = "Later"
    third.save()
    master = third.recurring_master()
    master.refresh()
    changed = [f"{utc(one.original_start)} {utc(one.start)}" for one in master.modified_occurrences]
    return [view(), changed, master.id == series.id]


@step("one occurrence that is gone")
def _():
    second = series.occurrence(index=2)
    second.refresh()
    second.delete()
    series.refresh()
    mime = series.mime_content.decode()
    told = [line for line in mime.splitlines() if line.startswith(("EXDATE", "RECURRENCE-ID"))]
    return [view(), [utc(one.start) for one in series.deleted_occurrences], told]


@step("free and busy by the clocks of the account")
def _():
    info = list(a.protocol.get_free_busy_info(accounts=[(a, "Organizer", False)], start=at(3, 30), end=at(3, 31)))
    return [[str(e.start), str(e.end), e.busy_type] for e in info[0].calendar_events]


@step("the series that goes")
def _():
    series.delete()
    return [view(), a.calendar.all().count()]


@step("an absence, and the reply to a mail")
def _():
    a.oof_settings = OofSettings(state="Enabled", external_audience="All", internal_reply="I am away", external_reply="Away")
    for subject in ("Question", "Again"):
        Message(account=other, subject=subject, body="?", to_recipients=[Mailbox(email_address=dave)]).send()
    replies = [[m.subject, m.sender.email_address, "I am away" in m.text_body] for m in other.inbox.all()]
    a.oof_settings = OofSettings(state="Disabled")
    return [replies, a.inbox.filter(subject__in=["Question", "Again"]).count()]


@step("the time zone of the account")
def _():
    [zone] = a.protocol.get_timezones(timezones=[a.default_timezone], return_full_timezone_data=True)
    standard, daylight, period = zone.get_std_and_dst(for_year=2026)
    rules = [[one.bias, one.iso_month, one.occurrence, one.weekday, str(one.time)] for one in (standard, daylight)]
    [named] = a.protocol.get_timezones(timezones=[a.default_timezone])
    return [zone.id, zone.name, period.bias_in_minutes, rules, [named.name, named.periods]]


@step("all time zones")
def _():
    zones = list(a.protocol.get_timezones(return_full_timezone_data=True))
    return [len(zones), sum(1 for zone in zones if len(zone.get_std_and_dst(for_year=2026)) == 3)]


print(json.dumps(steps))
