<?php
// What a PHP application does with SoapClient, as php-ews does: php php_everyday.php URL ADDRESS PASSWORD. Prints its steps as JSON.
[, $url, $address, $password] = $argv;
ini_set('soap.wsdl_cache_enabled', '0');
$wsdl = str_replace('Exchange.asmx', 'Services.wsdl', $url);
$ews = new SoapClient($wsdl, ['login' => $address, 'password' => $password, 'location' => $url, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$version = new SoapHeader('http://schemas.microsoft.com/exchange/services/2006/types', 'RequestServerVersion', ['Version' => 'Exchange2013_SP1']);
$ews->__setSoapHeaders([$version]);
$steps = [];
function step(string $name, callable $run): void {
    global $steps;
    try {
        $steps[$name] = $run();
    } catch (Throwable $error) {
        $steps[$name] = substr($error->getMessage(), 0, 300);
    }
}
$folder = fn (string $name) => ['DistinguishedFolderId' => ['Id' => $name]];
$mailbox = fn (string $to) => ['Mailbox' => [['EmailAddress' => $to]]];
$id = null;

step('sends', fn () => $ews->CreateItem([
    'MessageDisposition' => 'SendAndSaveCopy',
    'SavedItemFolderId' => $folder('sentitems'),
    'Items' => ['Message' => [[
        'Subject' => 'from php',
        'Body' => ['BodyType' => 'HTML', '_' => '<p>text é</p>'],
        'ToRecipients' => ['Mailbox' => [['EmailAddress' => $address], ['EmailAddress' => 'bob@fabrikam.test']]],
    ]]],
])->ResponseMessages->CreateItemResponseMessage[0]->ResponseCode);
step('finds', function () use ($ews, $folder, &$id) {
    $found = $ews->FindItem([
        'Traversal' => 'Shallow',
        'ItemShape' => ['BaseShape' => 'AllProperties'],
        'Restriction' => ['IsEqualTo' => [
            'FieldURI' => ['FieldURI' => 'item:Subject'],
            'FieldURIOrConstant' => ['Constant' => ['Value' => 'from php']],
        ]],
        'SortOrder' => ['FieldOrder' => [['Order' => 'Ascending', 'FieldURI' => ['FieldURI' => 'item:DateTimeReceived']]]],
        'ParentFolderIds' => $folder('inbox'),
    ])->ResponseMessages->FindItemResponseMessage[0]->RootFolder;
    $id = $found->Items->Message[0]->ItemId;
    return $found->TotalItemsInView;
});
step('reads', function () use ($ews, &$id) {
    $message = $ews->GetItem([
        'ItemShape' => ['BaseShape' => 'Default', 'AdditionalProperties' => [
            'FieldURI' => [['FieldURI' => 'item:ItemClass'], ['FieldURI' => 'item:DisplayTo']],
            'ExtendedFieldURI' => [['PropertyTag' => '0x0e07', 'PropertyType' => 'Integer']],
        ]],
        'ItemIds' => ['ItemId' => [$id]],
    ])->ResponseMessages->GetItemResponseMessage[0]->Items->Message[0];
    return [$message->Body->_, $message->ItemClass, $message->DisplayTo, $message->ExtendedProperty[0]->Value];
});
step('marks as read', fn () => $ews->UpdateItem([
    'ConflictResolution' => 'AlwaysOverwrite',
    'MessageDisposition' => 'SaveOnly',
    'ItemChanges' => ['ItemChange' => [['ItemId' => $id, 'Updates' => ['SetItemField' => [
        ['FieldURI' => ['FieldURI' => 'message:IsRead'], 'Message' => ['IsRead' => true]],
    ]]]]],
])->ResponseMessages->UpdateItemResponseMessage[0]->ResponseCode);
step('attaches', fn () => $ews->CreateAttachment([
    'ParentItemId' => $id,
    'Attachments' => ['FileAttachment' => [['Name' => 'a.txt', 'Content' => 'bytes']]],
])->ResponseMessages->CreateAttachmentResponseMessage[0]->ResponseCode);
step('subscribes to several events', fn () => $ews->Subscribe(['PullSubscriptionRequest' => [
    'FolderIds' => ['DistinguishedFolderId' => [['Id' => 'inbox'], ['Id' => 'sentitems']]],
    'EventTypes' => ['EventType' => ['NewMailEvent', 'MovedEvent']],
    'Timeout' => 10,
]])->ResponseMessages->SubscribeResponseMessage[0]->ResponseCode);
step('moves', fn () => $ews->MoveItem(['ToFolderId' => $folder('deleteditems'), 'ItemIds' => ['ItemId' => [$id]]])
    ->ResponseMessages->MoveItemResponseMessage[0]->ResponseCode);
step('hears what is wrong', fn () => $ews->GetItem(['ItemShape' => ['BaseShape' => 'IdOnly'], 'ItemIds' => ['ItemId' => [$id]]])
    ->ResponseMessages->GetItemResponseMessage[0]->ResponseCode);
echo json_encode($steps, JSON_UNESCAPED_UNICODE);
