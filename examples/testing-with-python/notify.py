"""The code under test: mails a customer through EWS that their order has been shipped."""

from xml.sax.saxutils import escape

import requests

ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
  <soap:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></soap:Header>
  <soap:Body><m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items><t:Message>
    <t:Subject>Order {order} has been shipped</t:Subject><t:Body BodyType="Text">It will be with you soon.</t:Body>
    <t:ToRecipients><t:Mailbox><t:EmailAddress>{customer}</t:EmailAddress></t:Mailbox></t:ToRecipients>
  </t:Message></m:Items></m:CreateItem></soap:Body>
</soap:Envelope>"""


def notify_shipped(url, mailbox, password, customer, order):
    """Asks a busy server up to three times. Returns how often it asked."""
    body = ENVELOPE.format(order=escape(order), customer=escape(customer)).encode()
    for attempt in range(1, 4):
        answer = requests.post(
            url, data=body, headers={"Content-Type": "text/xml; charset=utf-8"}, auth=(mailbox, password), timeout=10
        )
        if answer.ok and 'ResponseClass="Success"' in answer.text:
            return attempt
        if "ErrorServerBusy" not in answer.text:
            break
    raise RuntimeError(f"Exchange answered {answer.status_code}")
