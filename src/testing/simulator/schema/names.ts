/**
 * Names that the EWS schema (2017 level, types.xsd and messages.xsd) fixes: what may be asked for, and the order in which it is written.
 * The test beside it compares every list with the schema.
 */
const words = (text: string): readonly string[] => text.split(' ');

/** `t:DistinguishedFolderIdNameType`. */
export const distinguishedFolderNames: ReadonlySet<string> = new Set(
  words(
    'calendar contacts deleteditems drafts inbox journal notes outbox sentitems tasks msgfolderroot publicfoldersroot root ' +
      'junkemail searchfolders voicemail recoverableitemsroot recoverableitemsdeletions recoverableitemsversions ' +
      'recoverableitemspurges recoverableitemsdiscoveryholds archiveroot archivemsgfolderroot archivedeleteditems ' +
      'archiveinbox archiverecoverableitemsroot archiverecoverableitemsdeletions archiverecoverableitemsversions ' +
      'archiverecoverableitemspurges archiverecoverableitemsdiscoveryholds syncissues conflicts localfailures serverfailures ' +
      'recipientcache quickcontacts conversationhistory adminauditlogs todosearch mycontacts directory imcontactlist ' +
      'peopleconnect favorites mecontact personmetadata teamspaceactivity teamspacemessaging teamspaceworkitems scheduled ' +
      'orionnotes tagitems alltaggeditems externalcontacts teamchat teamchathistory yammerroot yammerinbound yammeroutbound ' +
      'yammerfeeds onedriveroot onedriverecylebin onedrivesystem onedrivevolume important starred archive',
  ),
);

const fieldNames: Readonly<Record<string, string>> = {
  folder:
    'FolderId ParentFolderId DisplayName UnreadCount TotalCount ChildFolderCount FolderClass SearchParameters ' +
    'ManagedFolderInformation PermissionSet EffectiveRights SharingEffectiveRights DistinguishedFolderId PolicyTag ' +
    'ArchiveTag ReplicaList',
  item:
    'ItemId ParentFolderId ItemClass MimeContent Attachments Subject DateTimeReceived Size Categories HasAttachments ' +
    'Importance InReplyTo InternetMessageHeaders IsAssociated IsDraft IsFromMe IsResend IsSubmitted IsUnmodified ' +
    'DateTimeSent DateTimeCreated Body ResponseObjects Sensitivity ReminderDueBy ReminderIsSet ReminderNextTime ' +
    'ReminderMinutesBeforeStart DisplayTo DisplayCc DisplayBcc Culture EffectiveRights LastModifiedName LastModifiedTime ' +
    'ConversationId UniqueBody Flag StoreEntryId InstanceKey NormalizedBody EntityExtractionResult PolicyTag ArchiveTag ' +
    'RetentionDate Preview PredictedActionReasons IsClutter RightsManagementLicenseData BlockStatus HasBlockedImages ' +
    'WebClientReadFormQueryString WebClientEditFormQueryString TextBody IconIndex MimeContentUTF8 Mentions MentionedMe ' +
    'MentionsPreview MentionsEx Hashtags AppliedHashtags AppliedHashtagsPreview Likes LikesPreview ' +
    'PendingSocialActivityTagIds AtAllMention CanDelete InferenceClassification FirstBody',
  message:
    'ConversationIndex ConversationTopic InternetMessageId IsRead IsResponseRequested IsReadReceiptRequested ' +
    'IsDeliveryReceiptRequested ReceivedBy ReceivedRepresenting References ReplyTo From Sender ToRecipients CcRecipients ' +
    'BccRecipients ApprovalRequestData VotingInformation ReminderMessageData PublishedCalendarItemIcs ' +
    'PublishedCalendarItemName MessageSafety',
  sharingMessage: 'SharingMessageAction',
  meeting:
    'AssociatedCalendarItemId IsDelegated IsOutOfDate HasBeenProcessed ResponseType ProposedStart ProposedEnd ' +
    'DoNotForwardMeeting',
  meetingRequest: 'MeetingRequestType IntendedFreeBusyStatus ChangeHighlights',
  calendar:
    'Start End OriginalStart StartWallClock EndWallClock StartTimeZoneId EndTimeZoneId IsAllDayEvent LegacyFreeBusyStatus ' +
    'Location EnhancedLocation When IsMeeting IsCancelled IsRecurring MeetingRequestWasSent IsResponseRequested ' +
    'CalendarItemType MyResponseType Organizer RequiredAttendees OptionalAttendees Resources ConflictingMeetingCount ' +
    'AdjacentMeetingCount ConflictingMeetings AdjacentMeetings InboxReminders Duration TimeZone AppointmentReplyTime ' +
    'AppointmentSequenceNumber AppointmentState Recurrence FirstOccurrence LastOccurrence ModifiedOccurrences ' +
    'DeletedOccurrences MeetingTimeZone ConferenceType AllowNewTimeProposal IsOnlineMeeting MeetingWorkspaceUrl NetShowUrl ' +
    'UID RecurrenceId DateTimeStamp StartTimeZone EndTimeZone JoinOnlineMeetingUrl OnlineMeetingSettings IsOrganizer ' +
    'CalendarActivityData DoNotForwardMeeting',
  task:
    'ActualWork AssignedTime BillingInformation ChangeCount Companies CompleteDate Contacts DelegationState Delegator ' +
    'DueDate IsAssignmentEditable IsComplete IsRecurring IsTeamTask Mileage Owner PercentComplete Recurrence StartDate ' +
    'Status StatusDescription TotalWork',
  contacts:
    'Alias AssistantName Birthday BusinessHomePage Children Companies CompanyName CompleteName ContactSource Culture ' +
    'Department DisplayName DirectoryId DirectReports EmailAddresses AbchEmailAddresses FileAs FileAsMapping Generation ' +
    'GivenName ImAddresses Initials JobTitle Manager ManagerMailbox MiddleName Mileage MSExchangeCertificate Nickname Notes ' +
    'OfficeLocation PhoneNumbers PhoneticFullName PhoneticFirstName PhoneticLastName Photo PhysicalAddresses ' +
    'PostalAddressIndex Profession SpouseName Surname WeddingAnniversary UserSMIMECertificate HasPicture AccountName ' +
    'IsAutoUpdateDisabled IsMessengerEnabled Comment ContactShortId ContactType CreatedBy Gender IsHidden ObjectId ' +
    'PassportId IsPrivate SourceId TrustLevel Urls Cid SkypeAuthCertificate SkypeContext SkypeId XboxLiveTag ' +
    'SkypeRelationship YomiNickname InviteFree HidePresenceAndProfile IsPendingOutbound SupportGroupFeeds UserTileHash ' +
    'UnifiedInbox Mris Wlid AbchContactId NotInBirthdayCalendar ShellContactType ImMri PresenceTrustLevel OtherMri ' +
    'ProfileLastChanged MobileIMEnabled PartnerNetworkProfilePhotoUrl PartnerNetworkThumbnailPhotoUrl PersonId ' +
    'ConversationGuid',
  distributionlist: 'Members',
  postitem: 'PostedTime',
  conversation:
    'ConversationId ConversationTopic UniqueRecipients GlobalUniqueRecipients UniqueUnreadSenders GlobalUniqueUnreadSenders ' +
    'UniqueSenders GlobalUniqueSenders LastDeliveryTime GlobalLastDeliveryTime Categories GlobalCategories FlagStatus ' +
    'GlobalFlagStatus HasAttachments GlobalHasAttachments HasIrm GlobalHasIrm MessageCount GlobalMessageCount UnreadCount ' +
    'GlobalUnreadCount Size GlobalSize ItemClasses GlobalItemClasses Importance GlobalImportance ItemIds GlobalItemIds ' +
    'LastModifiedTime InstanceKey Preview IconIndex GlobalIconIndex DraftItemIds HasClutter MentionedMe GlobalMentionedMe ' +
    'AtAllMention GlobalAtAllMention',
  person:
    'FullName GivenName Surname PhoneNumber SMSNumber EmailAddress Alias Department LinkedInProfileLink Skills ' +
    'ProfessionalBiography ManagementChain DirectReports Peers TeamSize CurrentJob Birthday Hometown CurrentLocation ' +
    'CompanyProfile Office Headline MutualConnections Title MutualManager Insights UserProfilePicture',
  persona:
    'PersonaId PersonaType GivenName CompanyName Surname DisplayName EmailAddress FileAs HomeCity CreationTime ' +
    'RelevanceScore RankingWeight WorkCity PersonaObjectStatus FileAsId DisplayNamePrefix YomiCompanyName YomiFirstName ' +
    'YomiLastName Title EmailAddresses PhoneNumber ImAddress ImAddresses ImAddresses2 ImAddresses3 FolderIds Attributions ' +
    'DisplayNames Initials FileAses FileAsIds DisplayNamePrefixes GivenNames MiddleNames Surnames Generations Nicknames ' +
    'YomiCompanyNames YomiFirstNames YomiLastNames BusinessPhoneNumbers BusinessPhoneNumbers2 HomePhones HomePhones2 ' +
    'MobilePhones MobilePhones2 AssistantPhoneNumbers CallbackPhones CarPhones HomeFaxes OrganizationMainPhones OtherFaxes ' +
    'OtherTelephones OtherPhones2 Pagers RadioPhones TelexNumbers WorkFaxes Emails1 Emails2 Emails3 BusinessHomePages ' +
    'School PersonalHomePages OfficeLocations BusinessAddresses HomeAddresses OtherAddresses Titles Departments ' +
    'CompanyNames Managers AssistantNames Professions SpouseNames Hobbies WeddingAnniversaries Birthdays Children Locations ' +
    'ExtendedProperties PostalAddress Bodies IsFavorite InlineLinks ItemLinkIds HasActiveDeals IsBusinessContact ' +
    'AttributedHasActiveDeals AttributedIsBusinessContact SourceMailboxGuids LastContactedDate ExternalDirectoryObjectId ' +
    'MapiEntryId MapiEmailAddress MapiAddressType MapiSearchKey MapiTransmittableDisplayName MapiSendRichInfo',
  rolemember: 'MemberType MemberId DisplayName',
  network:
    'TokenRefreshLastCompleted TokenRefreshLastAttempted SyncEnabled RejectedOffers SessionHandle RefreshTokenExpiry2 ' +
    'RefreshToken2 PsaLastChanged Offers LastWelcomeContact LastVersionSaved DomainTag FirstAuthErrorDates ErrorOffers ' +
    'ContactSyncSuccess ContactSyncError ClientToken2 ClientToken ClientPublishSecret UserEmail AutoLinkSuccess ' +
    'AutoLinkError IsDefault Settings ProfileUrl UserTileUrl DomainId DisplayName AccountName SourceEntryID',
  abchperson:
    'FavoriteOrder PersonId ExchangePersonIdGuid AntiLinkInfo RelevanceOrder1 RelevanceOrder2 ContactHandles Categories',
  booking: 'ServiceIds StaffIds StaffInitials CustomerName CustomerEmail CustomerPhone CustomerId',
  insight: 'InsightId Type StartTimeUtc EndTimeUtc Status Version ApplicationsIds Text SuggestedActions AppContexts',
};

/** `t:UnindexedFieldURIType`: every property path that names one field. */
export const fieldUris: ReadonlySet<string> = new Set(
  Object.entries(fieldNames).flatMap(([kind, names]) => words(names).map((name) => `${kind}:${name}`)),
);

/** `t:DictionaryURIType`: property paths that need a FieldIndex. */
export const indexedFieldUris: ReadonlySet<string> = new Set(
  words(
    'item:InternetMessageHeader contacts:ImAddress contacts:PhysicalAddress:Street contacts:PhysicalAddress:City ' +
      'contacts:PhysicalAddress:State contacts:PhysicalAddress:CountryOrRegion contacts:PhysicalAddress:PostalCode ' +
      'contacts:PhoneNumber contacts:EmailAddress distributionlist:Members:Member',
  ),
);

/** Elements that each type adds to those of its base, in the order of the schema. */
const ownElements = {
  ItemType:
    'MimeContent ItemId ParentFolderId ItemClass Subject Sensitivity Body Attachments DateTimeReceived Size Categories ' +
    'Importance InReplyTo IsSubmitted IsDraft IsFromMe IsResend IsUnmodified InternetMessageHeaders DateTimeSent ' +
    'DateTimeCreated ResponseObjects ReminderDueBy ReminderIsSet ReminderNextTime ReminderMinutesBeforeStart DisplayCc ' +
    'DisplayTo DisplayBcc HasAttachments ExtendedProperty Culture EffectiveRights LastModifiedName LastModifiedTime ' +
    'IsAssociated WebClientReadFormQueryString WebClientEditFormQueryString ConversationId UniqueBody Flag StoreEntryId ' +
    'InstanceKey NormalizedBody EntityExtractionResult PolicyTag ArchiveTag RetentionDate Preview ' +
    'RightsManagementLicenseData PredictedActionReasons IsClutter BlockStatus HasBlockedImages TextBody IconIndex SearchKey ' +
    'SortKey Hashtags Mentions MentionedMe MentionsPreview MentionsEx AppliedHashtags AppliedHashtagsPreview Likes ' +
    'LikesPreview PendingSocialActivityTagIds AtAllMention CanDelete InferenceClassification',
  MessageType:
    'Sender ToRecipients CcRecipients BccRecipients IsReadReceiptRequested IsDeliveryReceiptRequested ConversationIndex ' +
    'ConversationTopic From InternetMessageId IsRead IsResponseRequested References ReplyTo ReceivedBy ReceivedRepresenting ' +
    'ApprovalRequestData VotingInformation ReminderMessageData MessageSafety SenderSMTPAddress MailboxGuids ' +
    'PublishedCalendarItemIcs PublishedCalendarItemName',
  CalendarItemType:
    'UID RecurrenceId DateTimeStamp Start End OriginalStart IsAllDayEvent LegacyFreeBusyStatus Location When IsMeeting ' +
    'IsCancelled IsRecurring MeetingRequestWasSent IsResponseRequested CalendarItemType MyResponseType Organizer ' +
    'RequiredAttendees OptionalAttendees Resources InboxReminders ConflictingMeetingCount AdjacentMeetingCount ' +
    'ConflictingMeetings AdjacentMeetings Duration TimeZone AppointmentReplyTime AppointmentSequenceNumber AppointmentState ' +
    'Recurrence FirstOccurrence LastOccurrence ModifiedOccurrences DeletedOccurrences MeetingTimeZone StartTimeZone ' +
    'EndTimeZone ConferenceType AllowNewTimeProposal IsOnlineMeeting MeetingWorkspaceUrl NetShowUrl EnhancedLocation ' +
    'StartWallClock EndWallClock StartTimeZoneId EndTimeZoneId IntendedFreeBusyStatus JoinOnlineMeetingUrl ' +
    'OnlineMeetingSettings IsOrganizer CalendarActivityData DoNotForwardMeeting',
  ContactItemType:
    'FileAs FileAsMapping DisplayName GivenName Initials MiddleName Nickname CompleteName CompanyName EmailAddresses ' +
    'AbchEmailAddresses PhysicalAddresses PhoneNumbers AssistantName Birthday BusinessHomePage Children Companies ' +
    'ContactSource Department Generation ImAddresses JobTitle Manager Mileage OfficeLocation PostalAddressIndex Profession ' +
    'SpouseName Surname WeddingAnniversary HasPicture PhoneticFullName PhoneticFirstName PhoneticLastName Alias Notes Photo ' +
    'UserSMIMECertificate MSExchangeCertificate DirectoryId ManagerMailbox DirectReports AccountName IsAutoUpdateDisabled ' +
    'IsMessengerEnabled Comment ContactShortId ContactType Gender IsHidden ObjectId PassportId IsPrivate SourceId ' +
    'TrustLevel CreatedBy Urls Cid SkypeAuthCertificate SkypeContext SkypeId SkypeRelationship YomiNickname XboxLiveTag ' +
    'InviteFree HidePresenceAndProfile IsPendingOutbound SupportGroupFeeds UserTileHash UnifiedInbox Mris Wlid ' +
    'AbchContactId NotInBirthdayCalendar ShellContactType ImMri PresenceTrustLevel OtherMri ProfileLastChanged ' +
    'MobileIMEnabled PartnerNetworkProfilePhotoUrl PartnerNetworkThumbnailPhotoUrl PersonId ConversationGuid',
  DistributionListType: 'DisplayName FileAs ContactSource Members',
  TaskType:
    'ActualWork AssignedTime BillingInformation ChangeCount Companies CompleteDate Contacts DelegationState Delegator ' +
    'DueDate IsAssignmentEditable IsComplete IsRecurring IsTeamTask Mileage Owner PercentComplete Recurrence StartDate ' +
    'Status StatusDescription TotalWork',
  PostItemType: 'ConversationIndex ConversationTopic From InternetMessageId IsRead PostedTime References Sender',
  MeetingMessageType:
    'AssociatedCalendarItemId IsDelegated IsOutOfDate HasBeenProcessed ResponseType UID RecurrenceId DateTimeStamp ' +
    'IsOrganizer',
  MeetingRequestMessageType:
    'MeetingRequestType IntendedFreeBusyStatus Start End OriginalStart IsAllDayEvent LegacyFreeBusyStatus Location When ' +
    'IsMeeting IsCancelled IsRecurring MeetingRequestWasSent CalendarItemType MyResponseType Organizer RequiredAttendees ' +
    'OptionalAttendees Resources ConflictingMeetingCount AdjacentMeetingCount ConflictingMeetings AdjacentMeetings Duration ' +
    'TimeZone AppointmentReplyTime AppointmentSequenceNumber AppointmentState Recurrence FirstOccurrence LastOccurrence ' +
    'ModifiedOccurrences DeletedOccurrences MeetingTimeZone StartTimeZone EndTimeZone ConferenceType AllowNewTimeProposal ' +
    'IsOnlineMeeting MeetingWorkspaceUrl NetShowUrl EnhancedLocation ChangeHighlights StartWallClock EndWallClock ' +
    'StartTimeZoneId EndTimeZoneId DoNotForwardMeeting',
  MeetingResponseMessageType: 'Start End Location Recurrence CalendarItemType ProposedStart ProposedEnd EnhancedLocation',
  MeetingCancellationMessageType: 'Start End Location Recurrence CalendarItemType EnhancedLocation DoNotForwardMeeting',
} as const;

const elementsOf = (...types: readonly (keyof typeof ownElements)[]): readonly string[] =>
  types.flatMap((type) => words(ownElements[type]));

/** The kinds of items that are simulated, and the elements of each in the order of the schema. */
export const itemElements = {
  Item: elementsOf('ItemType'),
  Message: elementsOf('ItemType', 'MessageType'),
  CalendarItem: elementsOf('ItemType', 'CalendarItemType'),
  Contact: elementsOf('ItemType', 'ContactItemType'),
  DistributionList: elementsOf('ItemType', 'DistributionListType'),
  Task: elementsOf('ItemType', 'TaskType'),
  PostItem: elementsOf('ItemType', 'PostItemType'),
  MeetingRequest: elementsOf('ItemType', 'MessageType', 'MeetingMessageType', 'MeetingRequestMessageType'),
  MeetingResponse: elementsOf('ItemType', 'MessageType', 'MeetingMessageType', 'MeetingResponseMessageType'),
  MeetingCancellation: elementsOf('ItemType', 'MessageType', 'MeetingMessageType', 'MeetingCancellationMessageType'),
} as const;

/** A kind of item: the local name of its element. */
export type ItemKind = keyof typeof itemElements;

export function isItemKind(name: string): name is ItemKind {
  return Object.hasOwn(itemElements, name);
}
