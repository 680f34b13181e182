"""What an application does with exchangelib all day, against the server named on the command line. Prints one line of JSON: a result for each step."""

import json
import sys
from datetime import timedelta

from exchangelib import (
    BASIC, DELEGATE, Account, Configuration, Credentials, EWSDateTime, FileAttachment, HTMLBody, Mailbox, Message, Q, UTC, Version,
)
from exchangelib.folders import Messages
from exchangelib.version import EXCHANGE_2016

url, address = sys.argv[1:3]
config = Configuration(
    service_endpoint=url,
    credentials=Credentials(address, "secret"),
    auth_type=BASIC,
    version=Version(build=EXCHANGE_2016),
)
account = Account(address, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=UTC)
steps = {}


def step(name):
    def run(function):
        try:
            steps[name] = function()
        except Exception as error:  # the test names the step and the error
            steps[name] = f"{type(error).__name__}: {error}"[:300]
        return function

    return run


def to_me(subject, **more):
    return Message(account=account, subject=subject, body="text é 😀", to_recipients=[Mailbox(email_address=address)], **more)


@step("send and save")
def _():
    to_me("one", folder=account.sent).send_and_save()
    return [account.inbox.total_count >= 0, account.inbox.all().count()]


@step("full items")
def _():
    return [[m.subject, m.body, m.sender.email_address] for m in account.inbox.all()]


@step("unread")
def _():
    to_me("two").send()
    return sorted(m.subject for m in account.inbox.filter(is_read=False).only("subject"))


@step("mark read")
def _():
    item = account.inbox.get(subject="one")
    item.is_read = True
    item.save(update_fields=["is_read"])
    return sorted(m.subject for m in account.inbox.filter(is_read=False).only("subject"))


@step("by date")
def _():
    since = EWSDateTime.now(tz=UTC) - timedelta(hours=1)
    return [account.inbox.filter(datetime_received__gt=since).count(), account.inbox.filter(datetime_received__lt=since).count()]


@step("by text and or")
def _():
    return sorted(m.subject for m in account.inbox.filter(Q(subject__icontains="ON") | Q(subject="two")).only("subject"))


@step("order")
def _():
    return [m.subject for m in account.inbox.all().order_by("-subject").only("subject")]


@step("categories")
def _():
    item = account.inbox.get(subject="two")
    item.categories = ["Red", "Blue"]
    item.save(update_fields=["categories"])
    return account.inbox.get(subject="two").categories


@step("mime")
def _():
    return b"Subject: two" in account.inbox.get(subject="two").mime_content


@step("reply")
def _():
    account.inbox.get(subject="two").reply("Re: two", "answer", to_recipients=[address])
    return account.inbox.filter(subject="Re: two").count()


@step("forward")
def _():
    account.inbox.get(subject="two").forward("Fw: two", "see below", to_recipients=[address])
    return account.inbox.filter(subject="Fw: two").count()


@step("draft with attachments, sent")
def _():
    draft = Message(account=account, folder=account.drafts, subject="attached", body=HTMLBody("<p>x</p>"), to_recipients=[address])
    draft.attach(FileAttachment(name="a.txt", content=b"abc"))
    draft.save()
    draft.attach(FileAttachment(name="b.txt", content=b"def"))
    draft.send(save_copy=False)
    arrived = account.inbox.get(subject="attached")
    return sorted([a.name, a.content.decode()] for a in arrived.attachments)


@step("folders")
def _():
    folder = Messages(parent=account.inbox, name="Projects")
    folder.save()
    folder.name = "Old projects"
    folder.save()
    account.inbox.get(subject="one").move(to_folder=folder)
    account.inbox.get(subject="two").copy(to_folder=folder)
    return [folder.name, sorted(m.subject for m in folder.all().only("subject"))]


@step("walk the tree")
def _():
    return "Old projects" in [f.name for f in account.root.walk()]


@step("synchronise")
def _():
    first = sorted(change for change, _ in account.inbox.sync_items(only_fields=["subject"]))
    to_me("three").send()
    second = [[change, item.subject] for change, item in account.inbox.sync_items(only_fields=["subject"])]
    return [set(first) == {"create"}, second]


@step("pull notifications")
def _():
    with account.inbox.pull_subscription() as (subscription, watermark):
        to_me("four").send()
        events = [type(e).__name__ for n in account.inbox.get_events(subscription, watermark) for e in n.events]
    return sorted(set(events))


@step("bulk")
def _():
    made = account.bulk_create(account.drafts, [to_me(f"bulk {i}") for i in range(20)])
    account.bulk_send([(m.id, m.changekey) for m in made])
    return account.inbox.filter(subject__startswith="bulk").count()


@step("delete in three ways")
def _():
    account.inbox.get(subject="bulk 0").move_to_trash()
    account.inbox.get(subject="bulk 1").soft_delete()
    account.inbox.get(subject="bulk 2").delete()
    account.inbox.filter(subject__startswith="bulk").delete()
    return [account.inbox.filter(subject__startswith="bulk").count(), account.trash.all().count()]


@step("out of office")
def _():
    return account.oof_settings.state


@step("resolve names")
def _():
    return [m.email_address for m in account.protocol.resolve_names([address])]


@step("open a list")
def _():
    return sorted(m.email_address for m in account.protocol.expand_dl("team@contoso.test"))


@step("write to a list")
def _():
    Message(account=account, subject="to all", body="x", to_recipients=[Mailbox(email_address="team@contoso.test")]).send()
    return account.inbox.filter(subject="to all").count()


print(json.dumps(steps))
