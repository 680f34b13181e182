/** Every operation that the EWS schema has. Which of them are simulated says the table; `exchange.answer()` takes the others. */
const names =
  'AddDelegate AddDistributionGroupToImList AddImContactToGroup AddImGroup AddNewImContactToGroup ' +
  'AddNewTelUriContactToGroup AddTag ApplyConversationAction ArchiveItem ConvertId CopyFolder CopyItem CreateAttachment ' +
  'CreateFolderPath CreateFolder CreateItem CreateManagedFolder CreateMeetingInstance CreateOrUpdateFocusedOtherOverride ' +
  'CreateUserConfiguration DeleteAttachment DeleteFocusedOtherOverride DeleteFolder DeleteItem DeleteMeetingInstance ' +
  'DeleteSearchSuggestion DeleteUserConfiguration DisableApp DisconnectPhoneCall EmptyFolder EndSearchSession ' +
  'ExecuteSearch ExpandDL ExportItems FindAvailableMeetingTimes FindConversation FindFolder FindItem ' +
  'FindMailboxStatisticsByKeywords FindMeetingTimeCandidates FindMessageTrackingReport FindPeople FindTags ' +
  'GetAppManifests GetAppMarketplaceUrl GetAttachment GetClientAccessToken GetConversationItems GetDelegate ' +
  'GetDiscoverySearchConfiguration GetEvents GetFocusedOtherOverrides GetFolder GetHoldOnMailboxes GetImItemList ' +
  'GetImItems GetInboxRules GetItem GetLastPrivateCatalogUpdate GetMailTips GetMeetingInstance GetMessageTrackingReport ' +
  'GetNonIndexableItemDetails GetNonIndexableItemStatistics GetOMEConfiguration GetPasswordExpirationDate ' +
  'GetPhoneCallInformation GetPrivateCatalogAddIns GetReminders GetRoomLists GetRooms GetSearchSuggestions ' +
  'GetSearchableMailboxes GetServerTimeZones GetServiceConfiguration GetSharingFolder GetSharingMetadata ' +
  'GetSpecificUserConfiguration GetStreamingEvents GetUserAvailability GetUserConfiguration GetUserOofSettings ' +
  'GetUserPhoto GetUserRetentionPolicyTags HideTag InstallApp MarkAllItemsAsRead MarkAsJunk MoveFolder MoveItem ' +
  'PerformInstantSearch PerformReminderAction PlayOnPhone RefreshSharingFolder RegisterConsent RemoveContactFromImList ' +
  'RemoveDelegate RemoveDistributionGroupFromImList RemoveImContactFromGroup RemoveImGroup ReportMessage ResolveNames ' +
  'SearchMailboxes SendItem SetHoldOnMailboxes SetImGroup SetImListMigrationCompleted SetOMEConfiguration SetTeamMailbox ' +
  'SetUserOofSettings SetUserPhoto StartSearchSession Subscribe SyncFolderHierarchy SyncFolderItems UninstallApp ' +
  'UnpinTeamMailbox Unsubscribe UpdateDelegate UpdateFolder UpdateInboxRules UpdateItemInRecoverableItems UpdateItem ' +
  'UpdateMeetingInstance UpdateUserConfiguration UploadItems';

/** The name of an EWS operation, such as `CreateItem`: faults and the journal know each by it, simulated or not. */
export type OperationName = string;

const known: ReadonlySet<string> = new Set(names.split(' '));

/** Whether the schema has an operation of that name. */
export function isSchemaOperation(name: string): boolean {
  return known.has(name);
}

/** The operation that a request's element means: four of them end in `Request`. */
export function operationOf(element: string): string {
  const short = element.replace(/Request$/, '');
  return known.has(short) ? short : element;
}

/** What lies beside EWS and Graph, and is no operation of theirs: where EWS is, and how it is described. `*` of a fault does not mean these. */
export const sideOperationNames = ['Autodiscover', 'Wsdl'] as const;

export function isSideOperation(name: string): boolean {
  return sideOperationNames.some((one) => one === name);
}
