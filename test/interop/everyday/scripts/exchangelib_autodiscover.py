"""Asks the Autodiscover service named on the command line with exchangelib, which speaks its SOAP. Prints one line of JSON."""

import json
import sys

from exchangelib import BASIC, NTLM, Configuration, Credentials
from exchangelib.autodiscover.protocol import AutodiscoverProtocol

url, login, address, auth = sys.argv[1:5]
config = Configuration(service_endpoint=url, credentials=Credentials(login, "p"), auth_type=NTLM if auth == "ntlm" else BASIC)
protocol = AutodiscoverProtocol(config=config)
found = protocol.get_user_settings(user=address)
nobody = protocol.get_user_settings(user="nobody@contoso.test")
print(json.dumps({"found": [found.ews_url, found.autodiscover_smtp_address], "nobody": nobody.error_code}))
