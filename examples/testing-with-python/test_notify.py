import os
import time
import unittest

import requests

from notify import notify_shipped

SIMULATOR = os.environ.get("SIMULATOR", "http://127.0.0.1:8080")
SHOP, CUSTOMER = "shop@contoso.test", "customer@contoso.test"


def api(method, path, **options):
    answer = requests.request(method, f"{SIMULATOR}/_exchange/api/v1{path}", timeout=10, **options)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def setUpModule():
    """The line before may have started the simulator just now."""
    for _ in range(300):
        try:
            return api("GET", "/mailboxes")
        except requests.ConnectionError:
            time.sleep(0.1)
    raise RuntimeError(f"no simulator answers at {SIMULATOR}")


def notify():
    return notify_shipped(f"{SIMULATOR}/EWS/Exchange.asmx", SHOP, "any", CUSTOMER, "4711")


class NotifyTest(unittest.TestCase):
    def setUp(self):
        api("POST", "/reset")

    def test_the_customer_gets_one_mail(self):
        notify()
        received = api("GET", "/items", params={"mailbox": CUSTOMER, "folder": "inbox"})
        self.assertEqual(["Order 4711 has been shipped"], [item["subject"] for item in received["items"]])
        self.assertEqual(0, api("GET", "/items", params={"mailbox": SHOP, "folder": "drafts"})["total"])

    def test_a_busy_server_is_asked_again(self):
        api(
            "POST",
            "/faults",
            json={"selector": {"operation": "CreateItem", "times": 2}, "fault": {"kind": "serverBusy", "backOff": 1000}},
        )
        self.assertEqual(3, notify())
        operations = [entry["operation"] for entry in api("GET", "/journal")["entries"]]
        self.assertEqual(["CreateItem"] * 3, operations)

    def test_a_lost_answer_is_no_reason_to_mail_twice(self):
        api("POST", "/faults", json={"selector": {"operation": "CreateItem"}, "fault": {"kind": "lostResponse"}})
        with self.assertRaises(requests.ConnectionError):
            notify()
        self.assertEqual(1, api("GET", "/items", params={"mailbox": CUSTOMER})["total"])

    def test_what_was_seeded_can_be_gone_back_to(self):
        api("POST", "/seed", json={CUSTOMER: {"inbox": [{"subject": "An older mail"}]}})
        seeded = api("POST", "/snapshots")["id"]
        notify()
        self.assertEqual("Order 4711 has been shipped", api("GET", "/wait", params={"mailbox": CUSTOMER, "subject": "Order 4711 has been shipped"})["subject"])
        api("POST", f"/snapshots/{seeded}/restore")
        self.assertEqual(1, api("GET", "/items", params={"mailbox": CUSTOMER})["total"])


if __name__ == "__main__":
    unittest.main()
