"""What zeep, a client for any SOAP service, makes of the description of the server named on the command line. Prints one line of JSON: a result for each step."""

import json
import sys

import requests
import zeep
from zeep.transports import Transport

url, address = sys.argv[1:3]
steps = {}


def step(name):
    def run(function):
        try:
            steps[name] = function()
        except Exception as error:  # the test names the step and the error
            steps[name] = f"{type(error).__name__}: {error}"[:300]
        return function

    return run


session = requests.Session()
described = zeep.Client(url.rsplit("/", 1)[0] + "/services.wsdl", transport=Transport(session=session))
session.auth = (address, "p")  # the description asks for no login
ews = described.service
inbox = {"_value_1": [{"DistinguishedFolderId": {"Id": "inbox"}}]}
version = described.get_element("{http://schemas.microsoft.com/exchange/services/2006/types}RequestServerVersion")(Version="Exchange2013")
headers = {"RequestServerVersion": version}


def first(answer, name):
    return answer["body"]["ResponseMessages"]["_value_1"][0][name]


@step("has an address and operations")
def _():
    [port] = [p for s in described.wsdl.services.values() for p in s.ports.values()]
    return [port.binding_options["address"] == url, len(ews._operations) > 100]


@step("binds a folder")
def _():
    answer = ews.GetFolder(_soapheaders=headers, FolderShape={"BaseShape": "Default"}, FolderIds=inbox)
    folder = first(answer, "GetFolderResponseMessage")["Folders"]["_value_1"][0]["Folder"]
    return [folder["DisplayName"], folder["TotalCount"], answer["header"]["ServerVersionInfo"]["MajorVersion"]]


@step("sends")
def _():
    message = {
        "Subject": "from zeep",
        "Body": {"_value_1": "text é", "BodyType": "Text"},
        "ToRecipients": {"_value_1": [{"Mailbox": {"EmailAddress": address}}]},
    }
    answer = ews.CreateItem(_soapheaders=headers, MessageDisposition="SendAndSaveCopy", Items={"_value_1": [{"Message": message}]})
    return first(answer, "CreateItemResponseMessage")["ResponseCode"]


@step("finds and reads")
def _():
    found = ews.FindItem(_soapheaders=headers, Traversal="Shallow", ItemShape={"BaseShape": "IdOnly"}, ParentFolderIds=inbox)
    [item] = first(found, "FindItemResponseMessage")["RootFolder"]["Items"]["_value_1"]
    ids = {"_value_1": [{"ItemId": {"Id": item["Message"]["ItemId"]["Id"]}}]}
    read = ews.GetItem(_soapheaders=headers, ItemShape={"BaseShape": "AllProperties"}, ItemIds=ids)
    message = first(read, "GetItemResponseMessage")["Items"]["_value_1"][0]["Message"]
    return [message["Subject"], message["Body"]["_value_1"], message["From"]["Mailbox"]["EmailAddress"], message["IsRead"]]


@step("hears what is wrong")
def _():
    ids = {"_value_1": [{"ItemId": {"Id": "nothing"}}]}
    answer = ews.GetItem(_soapheaders=headers, ItemShape={"BaseShape": "IdOnly"}, ItemIds=ids)
    return first(answer, "GetItemResponseMessage")["ResponseCode"]


print(json.dumps(steps))
