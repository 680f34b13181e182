"""More of what applications do with exchangelib: calendars and meetings, conflicts, own properties, loops. Prints one line of JSON: a result for each step."""

import http.server
import json
import socketserver
import sys
import threading
from datetime import timedelta
from decimal import Decimal

from exchangelib import (
    BASIC, DELEGATE, IMPERSONATION, UTC, Account, CalendarItem, Configuration, Contact, Credentials, DistributionList, EWSDate, EWSDateTime,
    EWSTimeZone, ExtendedProperty, FileAttachment, HTMLBody, ItemAttachment, Mailbox, Message, OofSettings, PostItem, Q, Task, Version,
)
from exchangelib.folders import FolderCollection, Messages
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items import SEND_ONLY_TO_ALL, SEND_TO_ALL_AND_SAVE_COPY
from exchangelib.properties import Attendee, Member
from exchangelib.services import SendNotification
from exchangelib.version import EXCHANGE_2016

url, dave, carol = sys.argv[1:4]
config = Configuration(
    service_endpoint=url, credentials=Credentials(dave, "secret"), auth_type=BASIC, version=Version(build=EXCHANGE_2016)
)


def account_of(address, access=DELEGATE, with_config=None):
    own = Configuration(
        service_endpoint=url, credentials=Credentials(address, "secret"), auth_type=BASIC, version=Version(build=EXCHANGE_2016)
    )
    return Account(address, config=with_config or own, autodiscover=False, access_type=access, default_timezone=UTC)


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


def name_of(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "no error"


def to_me(subject, by=a, **more):
    more.setdefault("body", "text")
    return Message(account=by, subject=subject, to_recipients=[Mailbox(email_address=dave)], **more)


def noon(month, day, hour=12):
    return EWSDateTime(2026, month, day, hour, tzinfo=UTC)


@step("pages")
def _():
    a.bulk_create(a.inbox, [to_me(f"p{i:03}") for i in range(130)])
    found = a.inbox.filter(subject__startswith="p").order_by("subject").only("subject")
    found.page_size = 30
    names = [m.subject for m in found]
    return [len(names), len(set(names)), names[0], names[-1], found.count()]


@step("values and existence")
def _():
    names = list(a.inbox.filter(subject__startswith="p00").order_by("-subject").values_list("subject", flat=True))
    return [names[:2], a.inbox.filter(subject="p001").exists(), a.inbox.filter(subject="nope").exists()]


@step("lookups of text")
def _():
    lookups = [
        {"subject__in": ["p001", "p002"]}, {"subject__contains": "01"}, {"subject__range": ("p001", "p003")}, {"subject__iexact": "P001"},
        {"subject__exact": "P001"}, {"subject__icontains": "P00"}, {"subject__istartswith": "P00"}, {"subject__startswith": "P00"},
        {"subject__not": "p001", "subject__startswith": "p00"},
    ]
    return [a.inbox.filter(**lookup).count() for lookup in lookups]


@step("nested conditions")
def _():
    to_me("important", folder=a.inbox, importance="High", categories=["Red", "Blue"]).save()
    high, both = Q(importance="High"), Q(subject="important") | Q(subject="p001")
    return [
        a.inbox.filter(both & ~high).count(), a.inbox.filter(both & high).count(), a.inbox.filter(both).exclude(importance="High").count(),
        a.inbox.filter(categories__contains=["Red", "Blue"]).count(), a.inbox.filter(categories__contains="Green").count(),
        a.inbox.filter(size__gt=1, has_attachments=False, subject="important").count(),
    ]


@step("query strings")
def _():
    queries = ["subject:important", "importance:high", "category:red", "received:>=2020-01-01 subject:p001", "-subject:p0 hasattachment:false"]
    return [a.inbox.filter(query).count() for query in queries]


@step("several folders")
def _():
    to_me("everywhere", folder=a.drafts).save()
    to_me("everywhere", folder=a.inbox).save()
    return FolderCollection(account=a, folders=[a.inbox, a.sent, a.drafts]).filter(subject="everywhere").count()


@step("a whole item saved again")
def _():
    to_me("again", folder=a.drafts).save()
    item = a.drafts.get(subject="again")
    item.subject, item.body, item.sensitivity = "once more", HTMLBody("<p>new</p>"), "Private"
    item.cc_recipients = [Mailbox(email_address=carol, name="Carol")]
    item.is_read_receipt_requested = True
    item.save()
    read = a.drafts.get(subject="once more")
    return [read.body, read.sensitivity, read.cc_recipients[0].name, read.is_read_receipt_requested, read.culture]


@step("a stale change key")
def _():
    item = to_me("stale", folder=a.drafts).save()
    stale = Message(account=a, folder=a.drafts, id=item.id, changekey=item.changekey, subject="mine")
    item.subject = "theirs"
    item.save(update_fields=["subject"])
    refused = name_of(lambda: stale.save(update_fields=["subject"], conflict_resolution="NeverOverwrite"))
    kept = next(a.fetch([(item.id, None)])).subject
    stale.save(update_fields=["subject"], conflict_resolution="AlwaysOverwrite")
    return [refused, kept, next(a.fetch([(item.id, None)])).subject]


@step("wrong and deleted ids")
def _():
    gone = to_me("gone", folder=a.drafts).save()
    key = (gone.id, gone.changekey)
    gone.delete()
    found = [type(x).__name__ for x in a.fetch([("AAMkADQ0=", "CQAAAA=="), key])]
    return found + [type(x).__name__ for x in a.bulk_delete([key])]


@step("nothing and too much")
def _():
    return [name_of(lambda: a.inbox.get(subject="nope")), name_of(lambda: a.inbox.get(subject__startswith="p0"))]


@step("many at once")
def _():
    items = list(a.inbox.filter(subject__startswith="p00").only("subject"))
    for item in items:
        item.importance = "Low"
    updated = a.bulk_update([(item, ("importance",)) for item in items])
    copied = a.bulk_copy(items, to_folder=a.drafts)
    moved = a.bulk_move(items, to_folder=a.junk)
    return [len(updated), len(copied), len(moved), a.junk.filter(importance="Low").count(), set(a.bulk_delete(moved)) == {True}]


@step("moved items have new ids")
def _():
    item = to_me("mover", folder=a.drafts).save()
    before = item.id
    item.move(a.junk)
    return [item.id != before, type(next(a.fetch([(before, None)]))).__name__, a.junk.filter(subject="mover").count()]


@step("folders below folders")
def _():
    sub = Messages(parent=a.inbox, name="sub")
    sub.save()
    deep = Messages(parent=sub, name="deep")
    deep.save()
    to_me("below", folder=deep).save()
    a.root.clear_cache()
    found = a.inbox / "sub" / "deep"
    names = [f.name for f in a.inbox.glob("**/dee*")]
    found.move(a.inbox)
    a.root.clear_cache()
    result = [found.absolute.endswith("/Inbox/deep"), names, (a.inbox / "deep").total_count]
    (a.inbox / "deep").delete()
    sub.wipe()
    return result


@step("folders that clash or are missing")
def _():
    Messages(parent=a.inbox, name="twice").save()
    a.root.clear_cache()
    return [name_of(lambda: Messages(parent=a.inbox, name="twice").save()), name_of(lambda: a.inbox / "missing")]


@step("inline images, and one attachment taken away")
def _():
    message = to_me("inline", folder=a.sent, body=HTMLBody('<p><img src="cid:logo"></p>'))
    message.attach(FileAttachment(name="logo.png", content=b"\x89PNG", is_inline=True, content_id="logo", content_type="image/png"))
    message.attach(FileAttachment(name="big.bin", content=b"x" * 300_000))
    message.send_and_save()
    item = a.inbox.get(subject="inline")
    seen = sorted([f.name, f.is_inline, f.content_id, f.size, len(f.content)] for f in item.attachments)
    item.detach([f for f in item.attachments if f.name == "big.bin"][0])
    item.refresh()
    return [seen, [f.name for f in item.attachments], len(a.sent.get(subject="inline").attachments)]


@step("items attached to items")
def _():
    message = to_me("outer")
    message.attach(ItemAttachment(name="inner", item=to_me("inner")))
    message.attach(ItemAttachment(name="event", item=CalendarItem(subject="event", start=noon(1, 1), end=noon(1, 2))))
    message.send()
    return [[type(f.item).__name__, f.item.subject] for f in a.inbox.get(subject="outer").attachments]


@step("an imported message")
def _():
    mime = b"From: x@y.test\r\nTo: z@y.test\r\nSubject: imported\r\nMessage-ID: <m1@y.test>\r\nDate: Mon, 5 Jan 2026 10:00:00 +0000\r\n\r\nhello"
    Message(account=a, folder=a.inbox, mime_content=mime).save()
    item = a.inbox.get(subject="imported")
    return [item.sender.email_address, item.author.email_address, item.message_id, item.text_body, item.datetime_sent.ewsformat()]


@step("what a received message says")
def _():
    to_me("whole", by=other).send()
    item = a.inbox.get(subject="whole")
    headers = {h.name for h in item.headers}
    return [
        item.is_from_me, item.is_draft, item.conversation_topic, item.received_by.email_address, item.display_to, item.reminder_is_set,
        {"Subject", "Message-ID"} <= headers, item.response_objects.reply_to_item is not None, item.effective_rights.delete,
    ]


@step("a reply that is kept first, replies to all")
def _():
    to_me("question", by=other, cc_recipients=[carol]).send()
    item = a.inbox.get(subject="question")
    item.create_reply("RE: question", "answer", to_recipients=[carol]).save(a.drafts)
    a.drafts.get(subject="RE: question").send()
    item.reply_all("Re all: question", "answer")
    return sorted(other.inbox.filter(subject__contains=": question").values_list("subject", flat=True))


@step("a view of the calendar")
def _():
    zone = EWSTimeZone("Europe/Copenhagen")
    for day in (1, 2, 3):
        start = EWSDateTime(2026, 3, day, 9, tzinfo=zone)
        CalendarItem(account=a, folder=a.calendar, subject=f"day {day}", start=start, end=start + timedelta(hours=1)).save()
    view = a.calendar.view(start=EWSDateTime(2026, 3, 1, tzinfo=zone), end=EWSDateTime(2026, 3, 3, tzinfo=zone))
    seen = [[e.subject, e.start.ewsformat(), e.duration, e.type, e.is_meeting, e.reminder_is_set] for e in view.order_by("start")]
    return [seen, a.calendar.filter(start__gte=noon(3, 2, 0)).count(), a.calendar.filter(start__lt=noon(3, 3, 0), end__gt=noon(3, 2, 0)).count()]


@step("a whole day, and an appointment that moves")
def _():
    CalendarItem(account=a, folder=a.calendar, subject="holiday", start=EWSDate(2026, 5, 1), end=EWSDate(2026, 5, 1), is_all_day=True).save()
    holiday = a.calendar.get(subject="holiday")
    event = a.calendar.get(subject="day 2")
    event.start, event.end = noon(3, 12), noon(3, 12, 14)
    event.save(update_fields=["start", "end"])
    moved = a.calendar.get(subject="day 2")
    return [str(holiday.start), str(holiday.end), holiday.is_all_day, moved.start.ewsformat(), moved.duration]


def meeting(subject):
    attendee = Attendee(mailbox=Mailbox(email_address=carol), response_type="Unknown")
    item = CalendarItem(account=a, folder=a.calendar, subject=subject, start=noon(7, 1), end=noon(7, 1, 13), required_attendees=[attendee])
    item.save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    return item


@step("meetings accepted, declined, accepted tentatively")
def _():
    result = []
    for subject, answer in (("m1", "accept"), ("m2", "decline"), ("m3", "tentatively_accept")):
        meeting(subject)
        request = other.inbox.get(subject=subject)
        before = [e.my_response_type for e in other.calendar.filter(subject=subject)]
        getattr(request, answer)(body="my answer")
        after = [e.my_response_type for e in other.calendar.filter(subject=subject)]
        received = [[type(i).__name__, i.subject, i.item_class] for i in a.inbox.filter(subject__contains=subject)]
        attendees = [t.response_type for t in a.calendar.get(subject=subject).required_attendees]
        result.append([type(request).__name__, before, after, received, attendees, other.inbox.filter(subject=subject).count()])
    return result


@step("a meeting that is changed, then cancelled")
def _():
    event = a.calendar.get(subject="m3")
    event.location = "Room 2"
    event.save(update_fields=["location"], send_meeting_invitations=SEND_ONLY_TO_ALL)
    update = other.inbox.get(subject="m3")
    told = [update.location, update.meeting_request_type, other.calendar.get(subject="m3").location]
    a.calendar.get(subject="m3").cancel(body="no room")
    cancelled = other.calendar.get(subject="Canceled: m3")
    return [told, a.calendar.filter(subject="m3").count(), cancelled.is_cancelled, other.inbox.filter(subject="Canceled: m3").count()]


@step("a meeting that its organizer answers, or its attendee cancels")
def _():
    meeting("m4")
    return [name_of(a.calendar.get(subject="m4").accept), name_of(other.calendar.get(subject="m4").cancel)]


@step("a meeting that is deleted")
def _():
    a.calendar.get(subject="m4").delete(send_meeting_cancellations=SEND_TO_ALL_AND_SAVE_COPY)
    return [[type(i).__name__, i.subject] for i in other.inbox.filter(subject__contains="m4").order_by("subject")]


@step("contacts")
def _():
    Contact(
        account=a, folder=a.contacts, given_name="Ada", surname="Love", display_name="Ada Love", job_title="Y", birthday=EWSDate(1990, 1, 1),
        email_addresses=[EmailAddress(email="ada@x.test", label="EmailAddress1")], phone_numbers=[PhoneNumber(label="MobilePhone", phone_number="+1")],
        physical_addresses=[PhysicalAddress(label="Home", street="S", city="C", zipcode="1")],
    ).save()
    item = a.contacts.get(given_name="Ada")
    item.phone_numbers, item.job_title = [PhoneNumber(label="MobilePhone", phone_number="+2")], None
    item.email_addresses = [EmailAddress(email="new@x.test", label="EmailAddress2")]
    item.save()
    read = a.contacts.get(surname__startswith="Lo")
    return [
        [[e.label, e.email] for e in read.email_addresses], [p.phone_number for p in read.phone_numbers], read.job_title,
        str(read.birthday), read.physical_addresses[0].city,
    ]


@step("lists of contacts, and posts")
def _():
    member = Member(mailbox=Mailbox(name="n", email_address="x@y.test", mailbox_type="OneOff"))
    DistributionList(account=a, folder=a.contacts, display_name="Friends", members=[member]).save()
    PostItem(account=a, folder=a.inbox, subject="posted", body="x").save()
    friends = a.contacts.get(display_name="Friends")
    return [type(friends).__name__, friends.members[0].mailbox.email_address, type(a.inbox.get(subject="posted")).__name__]


@step("tasks")
def _():
    Task(account=a, folder=a.tasks, subject="task", due_date=EWSDate(2026, 1, 5), status="InProgress", percent_complete=Decimal(50)).save()
    task = a.tasks.get(subject="task")
    before = [str(task.due_date), task.status, int(task.percent_complete), task.is_complete]
    task.complete()
    after = a.tasks.get(subject="task")
    return [before, [after.status, int(after.percent_complete), after.is_complete, after.complete_date is not None], a.tasks.filter(is_complete=True).count()]


SET = "c11ff724-aa03-4555-9952-8fa248a11c3e"


class Count(ExtendedProperty):
    property_set_id, property_name, property_type = SET, "Count", "Integer"


class Words(ExtendedProperty):
    distinguished_property_set_id, property_name, property_type = "PublicStrings", "Words", "StringArray"


class Flag(ExtendedProperty):
    property_set_id, property_name, property_type = SET, "Flag", "Boolean"


class Raw(ExtendedProperty):
    property_set_id, property_id, property_type = SET, 0x8001, "Binary"


class When(ExtendedProperty):
    property_set_id, property_name, property_type = SET, "When", "SystemTime"


@step("properties of one's own")
def _():
    own = {"own_count": Count, "own_words": Words, "own_flag": Flag, "own_raw": Raw, "own_when": When}
    for name, kind in own.items():
        Message.register(name, kind)
    try:
        to_me("own", folder=a.drafts, own_count=42, own_words=["a", "b"], own_flag=True, own_raw=b"\0\1", own_when=noon(1, 1)).save()
        item = a.drafts.get(subject="own")
        read = [item.own_count, item.own_words, item.own_flag, list(item.own_raw), item.own_when.ewsformat()]
        lookups = [
            {"own_count": 42}, {"own_count__gt": 41}, {"own_count__lt": 42}, {"own_flag": True}, {"own_when__gt": noon(1, 1, 11)},
            {"own_words__contains": ["a"]}, {"own_count__exists": True},
        ]
        found = [a.drafts.filter(**lookup).count() for lookup in lookups]
        item.own_count, item.own_words = None, ["c"]
        item.save()
        after = a.drafts.get(subject="own")
        return [read, found, after.own_count, after.own_words]
    finally:
        for name in own:
            Message.deregister(name)


@step("a loop that synchronises")
def _():
    folder = Messages(parent=a.inbox, name="synced")
    folder.save()
    a.bulk_create(folder, [to_me(f"s{i}") for i in range(25)])
    first = len(list(folder.sync_items()))
    folder.get(subject="s1").delete()
    changed = folder.get(subject="s3")
    changed.subject = "s3 changed"
    changed.save(update_fields=["subject"])
    to_me("s new", folder=folder).save()
    second = sorted([change, getattr(item, "subject", None) or ""] for change, item in folder.sync_items())
    return [first, second, list(folder.sync_items())]


@step("a hierarchy that is kept up with")
def _():
    list(a.inbox.sync_hierarchy())
    folder = Messages(parent=a.inbox, name="new")
    folder.save()
    result = [[change, f.name] for change, f in a.inbox.sync_hierarchy()]
    folder.name = "renamed"
    folder.save()
    result += [[change, f.name] for change, f in a.inbox.sync_hierarchy()]
    folder.delete()
    return result + [change for change, _ in a.inbox.sync_hierarchy()]


@step("a stream that is opened twice")
def _():
    events = []
    with a.inbox.streaming_subscription() as subscription:
        for subject in ("streamed", "streamed again"):
            timer = threading.Timer(0.3, lambda: to_me(subject, by=other).send())
            timer.start()
            notes = a.inbox.get_streaming_events(subscription, connection_timeout=1, max_notifications_returned=1)
            events.append(sorted({type(e).__name__ for note in notes for e in note.events}))
            timer.join()
        wrong = name_of(lambda: list(a.inbox.get_streaming_events("no such id", connection_timeout=1)))
    return [events[0] != [], events[1] != [], wrong]


@step("notifications that are pushed")
def _():
    seen, came = [], threading.Event()

    class Callback(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            service = SendNotification(protocol=None)
            seen.extend(type(e).__name__ for note in service.parse(body) for e in note.events)
            done = "NewMailEvent" in seen
            answer = service.unsubscribe_payload() if done else service.ok_payload()
            self.send_response(200)
            self.send_header("content-type", "text/xml; charset=utf-8")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            if done:
                came.set()

        def log_message(self, *_):
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), Callback) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        subscription, _watermark = a.inbox.subscribe_to_push(callback_url=f"http://127.0.0.1:{server.server_address[1]}/push")
        to_me("pushed", by=other).send()
        came.wait(30)
        server.shutdown()
    return [sorted(set(seen)), name_of(lambda: a.inbox.unsubscribe(subscription))]


@step("out of office for some days")
def _():
    start = noon(12, 1)
    a.oof_settings = OofSettings(
        state="Scheduled", external_audience="Known", internal_reply="in", external_reply="ex", start=start, end=start + timedelta(days=2)
    )
    read = a.oof_settings
    a.oof_settings = OofSettings(state="Disabled")
    return [read.state, read.internal_reply, read.external_reply, read.external_audience, read.start.ewsformat(), a.oof_settings.state]


@step("settings of one's own in a folder")
def _():
    a.inbox.create_user_configuration(name="Own", dictionary={"a": "b", 1: True}, xml_data=b"<x/>", binary_data=b"bin")
    read = a.inbox.get_user_configuration(name="Own")
    a.inbox.update_user_configuration(name="Own", dictionary={"a": "c"})
    changed = a.inbox.get_user_configuration(name="Own").dictionary
    a.inbox.delete_user_configuration(name="Own")
    return [read.dictionary["a"], read.dictionary[1], read.xml_data.decode(), changed, name_of(lambda: a.inbox.get_user_configuration(name="Own"))]


@step("tips, rooms, free and busy")
def _():
    info = list(a.protocol.get_free_busy_info(accounts=[(a, "Organizer", False)], start=noon(3, 1, 0), end=noon(3, 2, 0)))
    return [a.mail_tips.recipient_address.email_address, list(a.protocol.get_roomlists()), [e.busy_type for e in info[0].calendar_events]]


@step("somebody else's mailbox")
def _():
    as_other = account_of(carol, with_config=config)
    impersonated = account_of(carol, IMPERSONATION, config)
    return [
        account_of(dave, IMPERSONATION, config).inbox.total_count > 0, name_of(lambda: impersonated.inbox.total_count),
        name_of(lambda: as_other.inbox.total_count), name_of(lambda: account_of("nobody@contoso.test").inbox.total_count),
        name_of(to_me("as carol", author=Mailbox(email_address=carol)).send),
    ]


print(json.dumps(steps))
