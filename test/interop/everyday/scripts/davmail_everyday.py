"""What mail programs do all day at a DavMail in front of the server: IMAP, SMTP, POP3, CalDAV and CardDAV, by Python's own clients. Prints one line of JSON: a result for each step."""

import base64
import http.client
import imaplib
import json
import poplib
import re
import smtplib
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage

ports = dict(zip(["imap", "smtp", "pop", "caldav"], map(int, sys.argv[1:5])))
user, address, colleague = sys.argv[5:8]
host = "127.0.0.1"
steps = {}


def step(name):
    def run(function):
        try:
            steps[name] = function()
        except Exception as error:  # the test names the step and the error
            steps[name] = f"{type(error).__name__}: {error}"[:300]
        return function

    return run


def mail(subject, to=address, text="text é 😀\n", **more):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = address, to, subject
    for name, value in more.items():
        made[name] = value
    made.set_content(text)
    return made


def smtp(message, **more):
    with smtplib.SMTP(host, ports["smtp"], timeout=60) as server:
        server.login(user, "p")
        return server.send_message(message, **more)


imap = imaplib.IMAP4(host, ports["imap"], timeout=60)


def ok(answer):
    status, data = answer
    if status != "OK":
        raise RuntimeError(f"{status} {data}")
    return data


def found(*criteria):
    """Subjects of what a search finds in the folder that is open."""
    numbers = ok(imap.uid("SEARCH", None, *criteria))[0].split()
    return sorted(subject(fetched(uid)) for uid in numbers)


def fetched(uid, part="BODY.PEEK[]"):
    data = ok(imap.uid("FETCH", uid, f"({part})"))
    return message_from_bytes(next(one[1] for one in data if isinstance(one, tuple)), policy=policy.default)


def subject(message):
    return str(message["Subject"])


def uid_of(text):
    return ok(imap.uid("SEARCH", None, "SUBJECT", f'"{text}"'))[0].split()[0]


def flags(uid):
    data = ok(imap.uid("FETCH", uid, "(FLAGS)"))
    return sorted(flag.decode() for flag in imaplib.ParseFlags(data[0]) if flag != b"\\Recent")


def count(folder):
    return int(re.search(rb"MESSAGES (\d+)", ok(imap.status(folder, "(MESSAGES)"))[0]).group(1))


@step("smtp: sends text")
def _():
    return smtp(mail("plain é", **{"X-Project": "Apollo"}))


@step("smtp: sends html with an attachment")
def _():
    made = mail("rich")
    made.add_alternative("<p>rich <b>text</b></p>", subtype="html")
    made.add_attachment(b"abc", maintype="application", subtype="octet-stream", filename="a.bin")
    return smtp(made)


@step("smtp: a blind copy")
def _():
    return smtp(mail("blind", to=colleague), to_addrs=[colleague, address])


@step("smtp: refuses a wrong password")
def _():
    with smtplib.SMTP(host, ports["smtp"], timeout=60) as server:
        try:
            server.login(user, "wrong")
        except smtplib.SMTPAuthenticationError as error:
            return error.smtp_code


@step("imap: refuses a wrong password")
def _():
    other = imaplib.IMAP4(host, ports["imap"], timeout=60)
    try:
        other.login(user, "wrong")
    except imaplib.IMAP4.error:
        return "refused"


@step("imap: logs in")
def _():
    return ok(imap.login(user, "p"))[0].decode()


@step("imap: lists folders")
def _():
    names = [re.search(rb'"/" "?([^"]+)"?$', line).group(1).decode() for line in ok(imap.list())]
    return sorted(names)


@step("imap: opens the inbox")
def _():
    return int(ok(imap.select("INBOX"))[0])


@step("imap: reads text")
def _():
    message = fetched(uid_of("plain"))
    return [subject(message), str(message["To"]), message.get_body().get_content().strip()]


@step("imap: reads html and attachment")
def _():
    message = fetched(uid_of("rich"))
    attached = [[part.get_filename(), part.get_payload(decode=True).decode()] for part in message.iter_attachments()]
    return [message.get_body(("html",)).get_content().strip(), attached]


@step("imap: who is blind-copied does not read so")
def _():
    message = fetched(uid_of("blind"))
    return [str(message["To"]), str(message["Bcc"])]


@step("imap: reads headers only")
def _():
    return subject(fetched(uid_of("rich"), "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"))


@step("imap: reads the structure")
def _():
    data = ok(imap.uid("FETCH", uid_of("rich"), "(BODYSTRUCTURE RFC822.SIZE INTERNALDATE ENVELOPE)"))
    text = b" ".join(part if isinstance(part, bytes) else part[0] + part[1] for part in data).upper()
    return [b'"OCTET-STREAM"' in text, b'"HTML"' in text, b"INTERNALDATE" in text]


@step("imap: marks read and flagged")
def _():
    uid = uid_of("plain")
    ok(imap.uid("STORE", uid, "+FLAGS", "(\\Seen \\Flagged)"))
    return flags(uid)


@step("imap: marks answered and forwarded")
def _():
    uid = uid_of("rich")
    ok(imap.uid("STORE", uid, "+FLAGS", "(\\Answered)"))
    ok(imap.uid("STORE", uid, "+FLAGS", "($Forwarded)"))
    return flags(uid)


@step("imap: marks unread")
def _():
    uid = uid_of("plain")
    ok(imap.uid("STORE", uid, "-FLAGS", "(\\Seen \\Flagged)"))
    return flags(uid)


@step("imap: an own keyword")
def _():
    uid = uid_of("plain")
    ok(imap.uid("STORE", uid, "+FLAGS", "(Important)"))
    return flags(uid)


for name, criteria in {
    "unseen": ["UNSEEN"],
    "by subject": ["SUBJECT", '"rich"'],
    "by sender": ["FROM", f'"{address}"'],
    "by recipient": ["TO", f'"{colleague}"'],
    "by text": ["TEXT", '"rich"'],
    "by body": ["BODY", '"text"'],
    "since": ["SINCE", "01-Jan-2020"],
    "before": ["BEFORE", "01-Jan-2020"],
    "either": ["OR", "SUBJECT", '"rich"', "SUBJECT", '"blind"'],
    "all but the read": ["NOT", "SEEN"],
    "keyword": ["KEYWORD", "Important"],
    "larger": ["LARGER", "100"],
    "smaller": ["SMALLER", "100"],
    "by header": ["HEADER", "X-Project", '"Apollo"'],
}.items():
    step(f"imap: searches: {name}")(lambda criteria=criteria: found(*criteria))


@step("imap: makes a folder and one inside it")
def _():
    ok(imap.create("Projects"))
    ok(imap.create("Projects/Apollo"))
    return sorted(line.decode().split('"')[-2] for line in ok(imap.list('""', "Projects*")))


@step("imap: appends")
def _():
    ok(imap.append("Projects", "(\\Seen)", None, mail("appended").as_bytes()))
    return count("Projects")


@step("imap: an appended draft")
def _():
    ok(imap.append("Drafts", "(\\Draft)", None, mail("a draft").as_bytes()))
    ok(imap.select("Drafts"))
    return [found("ALL"), flags(uid_of("a draft"))]


@step("imap: copies")
def _():
    ok(imap.select("INBOX"))
    ok(imap.uid("COPY", uid_of("rich"), "Projects"))
    return [count("Projects"), count("INBOX")]


@step("imap: moves")
def _():
    ok(imap.uid("MOVE", uid_of("blind"), "Projects/Apollo"))
    return [count("Projects/Apollo"), count("INBOX")]


@step("imap: deletes and expunges")
def _():
    ok(imap.select("Projects"))
    ok(imap.uid("STORE", uid_of("rich"), "+FLAGS", "(\\Deleted)"))
    ok(imap.expunge())
    return [count("Projects"), count("Trash")]


@step("imap: renames a folder with all in it")
def _():
    ok(imap.select("INBOX"))
    ok(imap.rename("Projects", '"Old projects"'))
    return [count('"Old projects"'), count('"Old projects/Apollo"')]


@step("imap: deletes a folder")
def _():
    ok(imap.delete('"Old projects/Apollo"'))
    return sorted(line.decode().split('"')[-2] for line in ok(imap.list('""', '"Old projects*"')))


@step("imap: what was sent lies in Sent")
def _():
    ok(imap.select("Sent"))
    return found("ALL")


@step("imap: keeps a name in any language")
def _():
    ok(imap.create("&ANw-bersicht"))  # Übersicht, in IMAP's UTF-7
    return b"&ANw-bersicht" in b" ".join(ok(imap.list()))


@step("imap: waits and logs out")
def _():
    ok(imap.noop())
    return imap.logout()[0]


@step("pop: reads and deletes")
def _():
    box = poplib.POP3(host, ports["pop"], timeout=60)
    box.user(user)
    box.pass_("p")
    total = box.stat()[0]
    ids = box.uidl()[1]
    text = b"\n".join(box.retr(1)[1])
    head = b"\n".join(box.top(1, 0)[1])
    box.dele(1)
    box.quit()
    again = poplib.POP3(host, ports["pop"], timeout=60)
    again.user(user)
    again.pass_("p")
    left = again.stat()[0]
    again.quit()
    return [total, len(ids), b"Subject:" in text, b"Subject:" in head, left]


login = base64.b64encode(f"{user}:p".encode()).decode()


def dav(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(host, ports["caldav"], timeout=60)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body and body.encode(), {"Authorization": f"Basic {login}", **names})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


event = "\r\n".join([
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//everyday//EN", "BEGIN:VEVENT", "UID:review-1", "DTSTAMP:20261128T090000Z",
    "DTSTART:20261130T090000Z", "DTEND:20261130T100000Z", "SUMMARY:Review", "LOCATION:Room 1", "END:VEVENT", "END:VCALENDAR", "",
])


@step("caldav: keeps an appointment")
def _():
    status, _body = dav("PUT", f"/users/{address}/calendar/review-1.ics", event, Content_Type="text/calendar; charset=utf-8")
    return status


@step("caldav: lists the calendar")
def _():
    ask = '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
    status, body = dav("PROPFIND", f"/users/{address}/calendar/", ask, Depth="1")
    return [status, len(re.findall(r"\.(?:ics|EML)</D:href>", body, re.I))]


@step("caldav: reads and deletes it")
def _():
    status, body = dav("GET", f"/users/{address}/calendar/review-1.ics")
    gone = dav("DELETE", f"/users/{address}/calendar/review-1.ics")[0]
    return [status, "SUMMARY:Review" in body, gone, dav("GET", f"/users/{address}/calendar/review-1.ics")[0]]


card = "\r\n".join([
    "BEGIN:VCARD", "VERSION:3.0", "UID:carol-1", "N:Jones;Carol;;;", "FN:Carol Jones", "EMAIL;TYPE=work:carol@fabrikam.test",
    "TEL;TYPE=cell:+1 555 0100", "END:VCARD", "",
])


@step("carddav: keeps, reads and deletes a contact")
def _():
    put = dav("PUT", f"/users/{address}/contacts/carol-1.vcf", card, Content_Type="text/vcard; charset=utf-8")[0]
    status, body = dav("GET", f"/users/{address}/contacts/carol-1.vcf")
    gone = dav("DELETE", f"/users/{address}/contacts/carol-1.vcf")[0]
    return [put, status, "Jones" in body, "carol@fabrikam.test" in body, gone]


print(json.dumps(steps))
