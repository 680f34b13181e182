/** What the EWS schema (2017 level) allows in requests; grammar-of-schema.ts in the tests writes it. The notation is in read-grammar.ts. */
export const grammar = `m:AddDelegate=AddDelegateType m:AddDistributionGroupToImList=AddDistributionGroupToImListType m:AddImContactToGroup=AddImContactToGroupType m:AddImGroup=AddImGroupType m:AddNewImContactToGroup=AddNewImContactToGroupType m:AddNewTelUriContactToGroup=AddNewTelUriContactToGroupType m:AddTag=AddTagType m:ApplyConversationAction=ApplyConversationActionType m:ArchiveItem=ArchiveItemType m:ConvertId=ConvertIdType m:CopyFolder=CopyFolderType m:CopyItem=CopyItemType m:CreateAttachment=CreateAttachmentType m:CreateFolder=CreateFolderType m:CreateFolderPath=CreateFolderPathType m:CreateItem=CreateItemType m:CreateManagedFolder=CreateManagedFolderRequestType m:CreateMeetingInstanceRequest=CreateMeetingInstanceRequestType m:CreateOrUpdateFocusedOtherOverride=CreateOrUpdateFocusedOtherOverrideRequestType m:CreateUserConfiguration=CreateUserConfigurationType m:DeleteAttachment=DeleteAttachmentType m:DeleteFocusedOtherOverride=DeleteFocusedOtherOverrideRequestType m:DeleteFolder=DeleteFolderType m:DeleteItem=DeleteItemType m:DeleteMeetingInstanceRequest=DeleteMeetingInstanceRequestType m:DeleteSearchSuggestion=DeleteSearchSuggestion m:DeleteUserConfiguration=DeleteUserConfigurationType m:DisableApp=DisableAppType m:DisconnectPhoneCall=DisconnectPhoneCallType m:EmptyFolder=EmptyFolderType m:EndSearchSession=EndSearchSession m:ExecuteSearch=ExecuteSearch m:ExpandDL=ExpandDLType m:ExportItems=ExportItemsType m:FindAvailableMeetingTimes=FindAvailableMeetingTimesType m:FindConversation=FindConversationType m:FindFolder=FindFolderType m:FindItem=FindItemType m:FindMailboxStatisticsByKeywords=FindMailboxStatisticsByKeywordsType m:FindMeetingTimeCandidates=FindMeetingTimeCandidatesType m:FindMessageTrackingReport=FindMessageTrackingReportRequestType m:FindPeople=FindPeopleType m:FindTags=FindTagsType m:GetAppManifests=GetAppManifestsType m:GetAppMarketplaceUrl=GetAppMarketplaceUrlType m:GetAttachment=GetAttachmentType m:GetClientAccessToken=GetClientAccessTokenType m:GetConversationItems=GetConversationItemsType m:GetDelegate=GetDelegateType m:GetDiscoverySearchConfiguration=GetDiscoverySearchConfigurationType m:GetEvents=GetEventsType m:GetFocusedOtherOverrides=GetFocusedOtherOverridesRequestType m:GetFolder=GetFolderType m:GetHoldOnMailboxes=GetHoldOnMailboxesType m:GetImItemList=GetImItemListType m:GetImItems=GetImItemsType m:GetInboxRules=GetInboxRulesRequestType m:GetItem=GetItemType m:GetLastPrivateCatalogUpdate=GetLastPrivateCatalogUpdateType m:GetMailTips=GetMailTipsType m:GetMeetingInstanceRequest=GetMeetingInstanceRequestType m:GetMessageTrackingReport=GetMessageTrackingReportRequestType m:GetNonIndexableItemDetails=GetNonIndexableItemDetailsType m:GetNonIndexableItemStatistics=GetNonIndexableItemStatisticsType m:GetOMEConfiguration=GetOMEConfigurationType m:GetPasswordExpirationDate=GetPasswordExpirationDateType m:GetPhoneCallInformation=GetPhoneCallInformationType m:GetPrivateCatalogAddIns=GetPrivateCatalogAddInsType m:GetReminders=GetRemindersType m:GetRoomLists=GetRoomListsType m:GetRooms=GetRoomsType m:GetSearchSuggestions=GetSearchSuggestions m:GetSearchableMailboxes=GetSearchableMailboxesType m:GetServerTimeZones=GetServerTimeZonesType m:GetServiceConfiguration=GetServiceConfigurationType m:GetSharingFolder=GetSharingFolderType m:GetSharingMetadata=GetSharingMetadataType m:GetSpecificUserConfiguration=GetSpecificUserConfigurationType m:GetStreamingEvents=GetStreamingEventsType m:GetUserAvailabilityRequest=GetUserAvailabilityRequestType m:GetUserConfiguration=GetUserConfigurationType m:GetUserOofSettingsRequest=GetUserOofSettingsRequest m:GetUserPhoto=GetUserPhotoType m:GetUserRetentionPolicyTags=GetUserRetentionPolicyTagsType m:HideTag=HideTagType m:InstallApp=InstallAppType m:MarkAllItemsAsRead=MarkAllItemsAsReadType m:MarkAsJunk=MarkAsJunkType m:MoveFolder=MoveFolderType m:MoveItem=MoveItemType m:PerformInstantSearch=PerformInstantSearchRequest m:PerformReminderAction=PerformReminderActionType m:PlayOnPhone=PlayOnPhoneType m:RefreshSharingFolder=RefreshSharingFolderType m:RegisterConsent=RegisterConsentType m:RemoveContactFromImList=RemoveContactFromImListType m:RemoveDelegate=RemoveDelegateType m:RemoveDistributionGroupFromImList=RemoveDistributionGroupFromImListType m:RemoveImContactFromGroup=RemoveImContactFromGroupType m:RemoveImGroup=RemoveImGroupType m:ReportMessage=ReportMessageType m:ResolveNames=ResolveNamesType m:SearchMailboxes=SearchMailboxesType m:SendItem=SendItemType m:SetHoldOnMailboxes=SetHoldOnMailboxesType m:SetImGroup=SetImGroupType m:SetImListMigrationCompleted=SetImListMigrationCompletedType m:SetOMEConfiguration=SetOMEConfigurationType m:SetTeamMailbox=SetTeamMailboxRequestType m:SetUserOofSettingsRequest=SetUserOofSettingsRequest m:SetUserPhoto=SetUserPhotoType m:StartSearchSession=StartSearchSession m:Subscribe=SubscribeType m:SyncFolderHierarchy=SyncFolderHierarchyType m:SyncFolderItems=SyncFolderItemsType m:UninstallApp=UninstallAppType m:UnpinTeamMailbox=UnpinTeamMailboxRequestType m:Unsubscribe=UnsubscribeType m:UpdateDelegate=UpdateDelegateType m:UpdateFolder=UpdateFolderType m:UpdateInboxRules=UpdateInboxRulesRequestType m:UpdateItem=UpdateItemType m:UpdateItemInRecoverableItems=UpdateItemInRecoverableItemsType m:UpdateMeetingInstanceRequest=UpdateMeetingInstanceRequestType m:UpdateUserConfiguration=UpdateUserConfigurationType m:UploadItems=UploadItemsType
AbchEmailAddressDictionaryEntryType = (t:Type=AbchEmailAddressTypeType,t:Address=xs:string,t:IsMessengerEnabled=xs:boolean?,t:Capabilities=xs:long?)
AbchEmailAddressDictionaryType = (t:Email=AbchEmailAddressDictionaryEntryType+)
AbchEmailAddressTypeType ~ "Personal|Business|Other|Passport"
AbchPersonContactHandle = (t:SourceId=xs:string,t:ObjectId=xs:string,t:AccountName=xs:string?)
AbchPersonItemType : ItemType = (t:AntiLinkInfo=xs:string?,t:PersonId=GuidType?,t:ContactHandles=ArrayOfAbchPersonContactHandlesType?,t:ContactCategories=ArrayOfStringsType?,t:RelevanceOrder1=xs:string?,t:RelevanceOrder2=xs:string?,t:TrustLevel=xs:int?,t:FavoriteOrder=xs:int?,t:ExchangePersonIdGuid=GuidType?)
AbsoluteDateTransitionType : TransitionType = (t:DateTime=xs:dateTime)
AbsoluteMonthlyRecurrencePatternType : IntervalRecurrencePatternBaseType = (t:DayOfMonth=xs:int)
AbsoluteYearlyRecurrencePatternType : RecurrencePatternBaseType = (t:DayOfMonth=xs:int,t:Month=MonthNamesType)
AcceptItemType : MeetingRegistrationResponseObjectType =
AcceptSharingInvitationType : ReferenceItemResponseType =
ActivityDomainType ~ "Unknown|Personal|Work"
AddDelegateType : BaseDelegateType = (m:DelegateUsers=ArrayOfDelegateUserType,m:DeliverMeetingRequests=DeliverMeetingRequestsType?)
AddDistributionGroupToImListType : BaseRequestType = (m:SmtpAddress=NonEmptyStringType,m:DisplayName=NonEmptyStringType)
AddImContactToGroupType : BaseRequestType = (m:ContactId=ItemIdType,m:GroupId=ItemIdType?)
AddImGroupType : BaseRequestType = (m:DisplayName=NonEmptyStringType)
AddInStateType ~ "Flagged|OK|Removed|Undefined|WithdrawingSoon|Withdrawn"
AddItemToMyCalendarType : ResponseObjectType =
AddNewImContactToGroupType : BaseRequestType = (m:ImAddress=NonEmptyStringType,m:DisplayName=NonEmptyStringType?,m:GroupId=ItemIdType?)
AddNewTelUriContactToGroupType : BaseRequestType = (m:TelUriAddress=NonEmptyStringType,m:ImContactSipUriAddress=NonEmptyStringType,m:ImTelephoneNumber=NonEmptyStringType,m:GroupId=ItemIdType?)
AddTagType : BaseRequestType = (m:Tag=xs:string,m:AppName=xs:string)
AddressEntityType : EntityType = (t:Address=xs:string?)
AddressListIdType : BaseFolderIdType =  @Id=xs:string
AffectedTaskOccurrencesType ~ "AllOccurrences|SpecifiedOccurrenceOnly"
AggregateOnType = (t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType) @Aggregate=AggregateType
AggregateType ~ "Minimum|Maximum"
AlternateIdBaseType =  @Format=IdFormatType
AlternateIdType : AlternateIdBaseType =  @Id=xs:string @Mailbox=NonEmptyStringType @IsArchive=xs:boolean?
AlternatePublicFolderIdType : AlternateIdBaseType =  @FolderId=xs:string
AlternatePublicFolderItemIdType : AlternatePublicFolderIdType =  @ItemId=xs:string
AnalyzedQuery = (t:QueryLanguage=xs:string,t:SearchRestrictions=RestrictionType)
AndType : MultipleOperandBooleanExpressionType =
Anonymous1 ~ xs:int >=0 <=200
Anonymous2 ~ "All|Current|Old"
Anonymous3 = (m:SearchRefiner=DynamicRefinerQueryType*)
Anonymous4 = (m:ExtendedKeywordDefinition=ExtendedKeywordDefinitionType*)
Anonymous5 = (t:MailboxGuid=GuidType+)
AppendToFolderFieldType : FolderChangeDescriptionType = ((t:Folder=FolderType|t:CalendarFolder=CalendarFolderType|t:ContactsFolder=ContactsFolderType|t:SearchFolder=SearchFolderType|t:TasksFolder=TasksFolderType))
AppendToItemFieldType : ItemChangeDescriptionType = (t:Item=ItemType|t:Message=MessageType|t:SharingMessage=SharingMessageType|t:CalendarItem=CalendarItemType|t:Contact=ContactItemType|t:DistributionList=DistributionListType|t:MeetingMessage=MeetingMessageType|t:MeetingRequest=MeetingRequestMessageType|t:MeetingResponse=MeetingResponseMessageType|t:MeetingCancellation=MeetingCancellationMessageType|t:Task=TaskType|t:PostItem=PostItemType|t:RoleMember=RoleMemberItemType|t:Network=NetworkItemType|t:Person=AbchPersonItemType)
AppliedHashtagType = (t:Id=xs:string,t:CreatedBy=EmailAddressExtendedType,t:CreatedDateTime=xs:string?,t:ServerCreatedDateTime=xs:string?,t:DeepLink=xs:string?,t:Application=xs:string?,t:Tag=xs:string,t:IsAutoTagged=xs:boolean,t:IsInlined=xs:boolean)
AppliedHashtagsPreviewType = (t:Hashtags=ArrayOfStringsType)
ApplyConversationActionType : BaseRequestType = (m:ConversationActions=NonEmptyArrayOfApplyConversationActionType)
ApprovalRequestDataType = (t:IsUndecidedApprovalRequest=xs:boolean?,t:ApprovalDecision=xs:int?,t:ApprovalDecisionMaker=xs:string?,t:ApprovalDecisionTime=xs:dateTime?)
ArchiveItemType : BaseRequestType = (m:ArchiveSourceFolderId=TargetFolderIdType,m:ItemIds=NonEmptyArrayOfBaseItemIdsType)
ArrayOfAbchPersonContactHandlesType = (t:ContactHandle=AbchPersonContactHandle*)
ArrayOfAddressEntitiesType = (t:AddressEntity=AddressEntityType*)
ArrayOfAddressesType = (t:Address=xs:string*)
ArrayOfAttendeeConstraintItems = (t:AttendeeItem=AttendeeConstraintItem*)
ArrayOfBaseItemIdsType = (t:ItemId=ItemIdType)*
ArrayOfBinaryType = (t:Base64Binary=xs:base64Binary*)
ArrayOfCalendarPermissionsType = (t:CalendarPermission=CalendarPermissionType)*
ArrayOfContactsType = (t:Contact=ContactType*)
ArrayOfContextProperty = (t:ContextProperty=ContextPropertyType+)
ArrayOfConversationRequestsType = (t:Conversation=ConversationRequestType)*
ArrayOfDelegateUserType = (t:DelegateUser=DelegateUserType+)
ArrayOfDistinguishedFolderIdType = (t:DistinguishedFolderId=DistinguishedFolderIdType)*
ArrayOfEmailAddressEntitiesType = (t:EmailAddressEntity=EmailAddressEntityType*)
ArrayOfEmailAddressesType = (t:Address=EmailAddressType*)
ArrayOfEmailUsersType = (t:EmailUser=EmailUserType*)
ArrayOfEventIDType = (t:EventToDeleteID=xs:string)*
ArrayOfExtendedAttributesType = (t:ExtendedAttribute=ExtendedAttributeType*)
ArrayOfExtractedEmailAddresses = (t:EmailAddress=xs:string*)
ArrayOfFlightReservationsType = (t:FlightReservation=FlightReservationEntityType*)
ArrayOfFlightsType = (t:Flight=FlightEntityType*)
ArrayOfFolderIdType = (t:FolderId=FolderIdType)*
ArrayOfGroupIdType = (t:GroupId=xs:base64Binary)*
ArrayOfInboxReminderType = (t:InboxReminder=InboxReminderType*)
ArrayOfLocationConstraintItems = (t:LocationItem=LocationConstraintItem*)
ArrayOfMailboxData = (t:MailboxData=MailboxData*)
ArrayOfMeetingSuggestionsType = (t:MeetingSuggestion=MeetingSuggestionType+)
ArrayOfOccurrenceRangesType = (t:Range=OccurrencesRangeType+)
ArrayOfParcelDeliveryEntitiesType = (t:ParcelDelivery=ParcelDeliveryEntityType*)
ArrayOfPeopleQuerySource = (t:Source=xs:string+)
ArrayOfPermissionsType = (t:Permission=PermissionType)*
ArrayOfPhoneEntitiesType = (t:Phone=PhoneEntityType*)
ArrayOfPhonesType = (t:Phone=PhoneType*)
ArrayOfPrivateCatalogAddInsType = (m:AddIn=PrivateCatalogAddInsType*)
ArrayOfRecipientsType = (t:Mailbox=EmailAddressType)*
ArrayOfRuleOperationsType = (t:CreateRuleOperation=CreateRuleOperationType|t:SetRuleOperation=SetRuleOperationType|t:DeleteRuleOperation=DeleteRuleOperationType)+
ArrayOfSearchItemKindsType = (t:SearchItemKind=SearchItemKindType+)
ArrayOfSearchScopeType = (t:PrimaryMailboxSearchScope=PrimaryMailboxSearchScopeType?,t:LargeArchiveSearchScope=LargeArchiveSearchScopeType?,t:GroupSearchScope=GroupSearchScopeType?,t:CustomSearchScope=CustomSearchScopeType{0,4},t:OneDriveSearchScope=OneDriveSearchScopeType?,t:SingleLargeArchiveSearchScope=SingleLargeArchiveSearchScopeType?,t:DelveSearchScope=DelveSearchScopeType?)
ArrayOfSenderAddInsType = (t:Microsoft.OutlookServices.SenderApp=SenderAddInEntityType*)
ArrayOfServiceConfigurationType = (m:ConfigurationName=ServiceConfigurationType)+
ArrayOfSharingMessageActionType = (t:SharingMessageAction=SharingMessageActionType?)
ArrayOfSmtpAddressType = (t:SmtpAddress=NonEmptyStringType)+
ArrayOfStringsType = (t:String=xs:string*)
ArrayOfTaskSuggestionsType = (t:TaskSuggestion=TaskSuggestionType+)
ArrayOfTimeSlot = (t:TimeSlot=TimeSlot*)
ArrayOfTrackingPropertiesType = (t:TrackingPropertyType=TrackingPropertyType)*
ArrayOfTransitionsGroupsType = (t:TransitionsGroup=ArrayOfTransitionsType+)
ArrayOfTransitionsType = ((t:Transition=TransitionType|t:AbsoluteDateTransition=AbsoluteDateTransitionType|t:RecurringDayTransition=RecurringDayTransitionType|t:RecurringDateTransition=RecurringDateTransitionType)+) @Id=xs:string?
ArrayOfUnknownEntriesType = (t:UnknownEntry=xs:string)*
ArrayOfUrlEntitiesType = (t:UrlEntity=UrlEntityType*)
ArrayOfUrlsType = (t:Url=xs:string*)
ArrayOfUserIdType = (t:UserId=UserIdType+)
ArrayOfUserMailboxesType = (t:UserMailbox=UserMailboxType+)
ArrayOfVotingOptionDataType = (t:VotingOptionData=VotingOptionDataType*)
AttachmentIdType : RequestAttachmentIdType =  @RootItemId=xs:string? @RootItemChangeKey=xs:string?
AttachmentResponseShapeType = (t:IncludeMimeContent=xs:boolean?,t:BodyType=BodyTypeResponseType?,t:FilterHtmlContent=xs:boolean?,t:AdditionalProperties=NonEmptyArrayOfPathsToElementType?)
AttachmentType = (t:AttachmentId=AttachmentIdType?,t:Name=xs:string?,t:ContentType=xs:string?,t:ContentId=xs:string?,t:ContentLocation=xs:string?,t:AttachmentOriginalUrl=xs:string?,t:Size=xs:int?,t:LastModifiedTime=xs:dateTime?,t:IsInline=xs:boolean?)
AttendeeConstraintItem : MeetingTimeCandidatesConstraintItem = (t:IsRequired=xs:boolean?)
AttendeeType = (t:Mailbox=EmailAddressType,t:ResponseType=ResponseTypeType?,t:LastResponseTime=xs:dateTime?,t:ProposedStart=xs:dateTime?,t:ProposedEnd=xs:dateTime?)
BaseDelegateType : BaseRequestType = (m:Mailbox=EmailAddressType)
BaseEmailAddressType =
BaseFolderIdType =
BaseFolderType = (t:FolderId=FolderIdType?,t:ParentFolderId=FolderIdType?,t:FolderClass=xs:string?,t:DisplayName=xs:string?,t:TotalCount=xs:int?,t:ChildFolderCount=xs:int?,t:ExtendedProperty=ExtendedPropertyType*,t:ManagedFolderInformation=ManagedFolderInformationType?,t:EffectiveRights=EffectiveRightsType?,t:DistinguishedFolderId=DistinguishedFolderIdNameType?,t:PolicyTag=RetentionTagType?,t:ArchiveTag=RetentionTagType?,t:ReplicaList=ArrayOfStringsType?)
BaseGroupByType =  @Order=SortDirectionType
BaseItemIdType =
BaseMoveCopyFolderType : BaseRequestType = (m:ToFolderId=TargetFolderIdType,m:FolderIds=NonEmptyArrayOfBaseFolderIdsType)
BaseMoveCopyItemType : BaseRequestType = (m:ToFolderId=TargetFolderIdType,m:ItemIds=NonEmptyArrayOfBaseItemIdsType,m:ReturnNewItemIds=xs:boolean?)
BasePagingType =  @MaxEntriesReturned=xs:int?
BasePathToElementType =
BasePermissionType = (t:UserId=UserIdType,t:CanCreateItems=xs:boolean?,t:CanCreateSubFolders=xs:boolean?,t:IsFolderOwner=xs:boolean?,t:IsFolderVisible=xs:boolean?,t:IsFolderContact=xs:boolean?,t:EditItems=PermissionActionType?,t:DeleteItems=PermissionActionType?)
BaseRequestType =
BaseSubscriptionRequestType = (t:FolderIds=NonEmptyArrayOfBaseFolderIdsType?,t:EventTypes=NonEmptyArrayOfNotificationEventTypesType,t:Watermark=WatermarkType?) @SubscribeToAllFolders=xs:boolean?
BodyType ~ xs:string @BodyType=BodyTypeType @IsTruncated=xs:boolean?
BodyTypeResponseType ~ "Best|HTML|Text"
BodyTypeType ~ "HTML|Text"
CalendarActivityDataType = (t:ActivityAction=xs:string,t:ClientId=xs:string,t:CasRequestId=GuidType,t:IndexSelected=xs:int)
CalendarFolderType : BaseFolderType = (t:SharingEffectiveRights=CalendarPermissionReadAccessType?,t:PermissionSet=CalendarPermissionSetType?)
CalendarItemCreateOrDeleteOperationType ~ "SendToNone|SendOnlyToAll|SendToAllAndSaveCopy"
CalendarItemType : ItemType = (t:UID=xs:string?,t:RecurrenceId=xs:dateTime?,t:DateTimeStamp=xs:dateTime?,t:Start=xs:dateTime?,t:End=xs:dateTime?,t:OriginalStart=xs:dateTime?,t:IsAllDayEvent=xs:boolean?,t:LegacyFreeBusyStatus=LegacyFreeBusyType?,t:Location=xs:string?,t:When=xs:string?,t:IsMeeting=xs:boolean?,t:IsCancelled=xs:boolean?,t:IsRecurring=xs:boolean?,t:MeetingRequestWasSent=xs:boolean?,t:IsResponseRequested=xs:boolean?,t:CalendarItemType=CalendarItemTypeType?,t:MyResponseType=ResponseTypeType?,t:Organizer=SingleRecipientType?,t:RequiredAttendees=NonEmptyArrayOfAttendeesType?,t:OptionalAttendees=NonEmptyArrayOfAttendeesType?,t:Resources=NonEmptyArrayOfAttendeesType?,t:InboxReminders=ArrayOfInboxReminderType?,t:ConflictingMeetingCount=xs:int?,t:AdjacentMeetingCount=xs:int?,t:ConflictingMeetings=NonEmptyArrayOfAllItemsType?,t:AdjacentMeetings=NonEmptyArrayOfAllItemsType?,t:Duration=xs:string?,t:TimeZone=xs:string?,t:AppointmentReplyTime=xs:dateTime?,t:AppointmentSequenceNumber=xs:int?,t:AppointmentState=xs:int?,t:Recurrence=RecurrenceType?,t:FirstOccurrence=OccurrenceInfoType?,t:LastOccurrence=OccurrenceInfoType?,t:ModifiedOccurrences=NonEmptyArrayOfOccurrenceInfoType?,t:DeletedOccurrences=NonEmptyArrayOfDeletedOccurrencesType?,t:MeetingTimeZone=TimeZoneType?,t:StartTimeZone=TimeZoneDefinitionType?,t:EndTimeZone=TimeZoneDefinitionType?,t:ConferenceType=xs:int?,t:AllowNewTimeProposal=xs:boolean?,t:IsOnlineMeeting=xs:boolean?,t:MeetingWorkspaceUrl=xs:string?,t:NetShowUrl=xs:string?,t:EnhancedLocation=EnhancedLocationType?,t:StartWallClock=xs:dateTime?,t:EndWallClock=xs:dateTime?,t:StartTimeZoneId=xs:string?,t:EndTimeZoneId=xs:string?,t:IntendedFreeBusyStatus=LegacyFreeBusyType?,t:JoinOnlineMeetingUrl=xs:string?,t:OnlineMeetingSettings=OnlineMeetingSettingsType?,t:IsOrganizer=xs:boolean?,t:CalendarActivityData=CalendarActivityDataType?,t:DoNotForwardMeeting=xs:boolean?)
CalendarItemTypeType ~ "Single|Occurrence|Exception|RecurringMaster"
CalendarItemUpdateOperationType ~ "SendToNone|SendOnlyToAll|SendOnlyToChanged|SendToAllAndSaveCopy|SendToChangedAndSaveCopy"
CalendarPermissionLevelType ~ "None|Owner|PublishingEditor|Editor|PublishingAuthor|Author|NoneditingAuthor|Reviewer|Contributor|FreeBusyTimeOnly|FreeBusyTimeAndSubjectAndLocation|Custom"
CalendarPermissionReadAccessType ~ "None|TimeOnly|TimeAndSubjectAndLocation|FullDetails"
CalendarPermissionSetType = (t:CalendarPermissions=ArrayOfCalendarPermissionsType,t:UnknownEntries=ArrayOfUnknownEntriesType?)
CalendarPermissionType : BasePermissionType = (t:ReadItems=CalendarPermissionReadAccessType?,t:CalendarPermissionLevel=CalendarPermissionLevelType)
CalendarViewType : BasePagingType =  @StartDate=xs:dateTime @EndDate=xs:dateTime
CancelCalendarItemType : SmartResponseType =
ChangeDescriptionType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType))
ChangeHighlightsType = (t:HasLocationChanged=xs:boolean?,t:Location=xs:string?,t:HasStartTimeChanged=xs:boolean?,t:Start=xs:dateTime?,t:HasEndTimeChanged=xs:boolean?,t:End=xs:dateTime?)
ClientAccessTokenRequestType = (t:Id=xs:string,t:TokenType=ClientAccessTokenTypeType,t:Scope=xs:string?,t:ResourceUri=xs:string?)
ClientAccessTokenTypeType ~ "CallerIdentity|ExtensionCallback|ScopedToken|ExtensionRestApiCallback|Connectors|Loki|DesktopOutlook"
CompleteNameType = (t:Title=xs:string?,t:FirstName=xs:string?,t:MiddleName=xs:string?,t:LastName=xs:string?,t:Suffix=xs:string?,t:Initials=xs:string?,t:FullName=xs:string?,t:Nickname=xs:string?,t:YomiFirstName=xs:string?,t:YomiLastName=xs:string?)
ConfigurationRequestDetailsType = (any*)
ConflictResolutionType ~ "NeverOverwrite|AutoResolve|AlwaysOverwrite"
ConsentStateType ~ "NotResponded|NotConsented|Consented"
ConstantValueType =  @Value=xs:string
ContactItemType : ItemType = (t:FileAs=xs:string?,t:FileAsMapping=FileAsMappingType?,t:DisplayName=xs:string?,t:GivenName=xs:string?,t:Initials=xs:string?,t:MiddleName=xs:string?,t:Nickname=xs:string?,t:CompleteName=CompleteNameType?,t:CompanyName=xs:string?,t:EmailAddresses=EmailAddressDictionaryType?,t:AbchEmailAddresses=AbchEmailAddressDictionaryType?,t:PhysicalAddresses=PhysicalAddressDictionaryType?,t:PhoneNumbers=PhoneNumberDictionaryType?,t:AssistantName=xs:string?,t:Birthday=xs:dateTime?,t:BusinessHomePage=xs:anyURI?,t:Children=ArrayOfStringsType?,t:Companies=ArrayOfStringsType?,t:ContactSource=ContactSourceType?,t:Department=xs:string?,t:Generation=xs:string?,t:ImAddresses=ImAddressDictionaryType?,t:JobTitle=xs:string?,t:Manager=xs:string?,t:Mileage=xs:string?,t:OfficeLocation=xs:string?,t:PostalAddressIndex=PhysicalAddressIndexType?,t:Profession=xs:string?,t:SpouseName=xs:string?,t:Surname=xs:string?,t:WeddingAnniversary=xs:dateTime?,t:HasPicture=xs:boolean?,t:PhoneticFullName=xs:string?,t:PhoneticFirstName=xs:string?,t:PhoneticLastName=xs:string?,t:Alias=xs:string?,t:Notes=xs:string?,t:Photo=xs:base64Binary?,t:UserSMIMECertificate=ArrayOfBinaryType?,t:MSExchangeCertificate=ArrayOfBinaryType?,t:DirectoryId=xs:string?,t:ManagerMailbox=SingleRecipientType?,t:DirectReports=ArrayOfRecipientsType?,t:AccountName=xs:string?,t:IsAutoUpdateDisabled=xs:boolean?,t:IsMessengerEnabled=xs:boolean?,t:Comment=xs:string?,t:ContactShortId=xs:int?,t:ContactType=xs:string?,t:Gender=xs:string?,t:IsHidden=xs:boolean?,t:ObjectId=xs:string?,t:PassportId=xs:long?,t:IsPrivate=xs:boolean?,t:SourceId=xs:string?,t:TrustLevel=xs:int?,t:CreatedBy=xs:string?,t:Urls=ContactUrlDictionaryType?,t:Cid=xs:long?,t:SkypeAuthCertificate=xs:string?,t:SkypeContext=xs:string?,t:SkypeId=xs:string?,t:SkypeRelationship=xs:string?,t:YomiNickname=xs:string?,t:XboxLiveTag=xs:string?,t:InviteFree=xs:boolean?,t:HidePresenceAndProfile=xs:boolean?,t:IsPendingOutbound=xs:boolean?,t:SupportGroupFeeds=xs:boolean?,t:UserTileHash=xs:string?,t:UnifiedInbox=xs:boolean?,t:Mris=ArrayOfStringsType?,t:Wlid=xs:string?,t:AbchContactId=GuidType?,t:NotInBirthdayCalendar=xs:boolean?,t:ShellContactType=xs:string?,t:ImMri=xs:string?,t:PresenceTrustLevel=xs:int?,t:OtherMri=xs:string?,t:ProfileLastChanged=xs:string?,t:MobileIMEnabled=xs:boolean?,t:PartnerNetworkProfilePhotoUrl=xs:string?,t:PartnerNetworkThumbnailPhotoUrl=xs:string?,t:PersonId=xs:string?,t:ConversationGuid=GuidType?)
ContactSourceType ~ "ActiveDirectory|Store"
ContactType : EntityType = (t:PersonName=xs:string?,t:BusinessName=xs:string?,t:PhoneNumbers=ArrayOfPhonesType?,t:Urls=ArrayOfUrlsType?,t:EmailAddresses=ArrayOfExtractedEmailAddresses?,t:Addresses=ArrayOfAddressesType?,t:ContactString=xs:string?)
ContactUrlDictionaryEntryType = (t:Type=ContactUrlKeyType,t:Name=xs:string?,t:Address=xs:string?)
ContactUrlDictionaryType = (t:Url=ContactUrlDictionaryEntryType+)
ContactUrlKeyType ~ "Personal|Business|Attachment|EbcDisplayDefinition|EbcFinalImage|EbcLogo|Feed|Image|InternalMarker|Other"
ContactsFolderType : BaseFolderType = (t:SharingEffectiveRights=PermissionReadAccessType?,t:PermissionSet=PermissionSetType?,t:SourceId=xs:string?,t:AccountName=xs:string?)
ContactsViewType : BasePagingType =  @InitialName=xs:string? @FinalName=xs:string?
ContainmentComparisonType ~ "Exact|IgnoreCase|IgnoreNonSpacingCharacters|Loose|IgnoreCaseAndNonSpacingCharacters|LooseAndIgnoreCase|LooseAndIgnoreNonSpace|LooseAndIgnoreCaseAndIgnoreNonSpace"
ContainmentModeType ~ "FullString|Prefixed|Substring|PrefixOnWords|ExactPhrase"
ContainsExpressionType : SearchExpressionType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType),t:Constant=ConstantValueType) @ContainmentMode=ContainmentModeType? @ContainmentComparison=ContainmentComparisonType?
ContentActivity = (t:Id=GuidType,t:SharedBy=xs:string,t:ContentLocation=xs:string,t:StartTime=xs:string,t:EndTime=xs:string,t:Type=ContentActivityType,t:MediaType=ContentActivityMediaType,t:Acl=ContentActivityAcl)
ContentActivityAcl ~ "Organizer|Presenter|Everyone"
ContentActivityMediaType ~ "AppSharing|AudioVideo|Chat|DataConf|Meeting|MeetingConf|PhoneConf"
ContentActivityType ~ "Poll|WhiteBoard|QAndA|Chat|Meeting|Annotations|SharedNotes"
ContextPropertyType = (t:Key=xs:string,t:Value=xs:string)
ConversationActionType = (t:Action=ConversationActionTypeType,t:ConversationId=ItemIdType,t:ContextFolderId=TargetFolderIdType?,t:ConversationLastSyncTime=xs:dateTime?,t:ProcessRightAway=xs:boolean?,t:DestinationFolderId=TargetFolderIdType?,t:Categories=ArrayOfStringsType?,t:EnableAlwaysDelete=xs:boolean?,t:IsRead=xs:boolean?,t:DeleteType=DisposalType?,t:RetentionPolicyType=RetentionType?,t:RetentionPolicyTagId=xs:string?,t:Flag=FlagType?,t:SuppressReadReceipts=xs:boolean?)
ConversationActionTypeType ~ "AlwaysCategorize|AlwaysDelete|AlwaysMove|Delete|Move|Copy|SetReadState|SetRetentionPolicy|Flag"
ConversationNodeSortOrder ~ "TreeOrderAscending|TreeOrderDescending|DateOrderAscending|DateOrderDescending"
ConversationQueryTraversalType ~ "Shallow|Deep"
ConversationRequestType = (t:ConversationId=ItemIdType,t:SyncState=xs:base64Binary?)
ConversationResponseShapeType = (t:BaseShape=DefaultShapeNamesType,t:AdditionalProperties=NonEmptyArrayOfPathsToElementType?)
ConvertIdType : BaseRequestType = (m:SourceIds=NonEmptyArrayOfAlternateIdsType) @DestinationFormat=IdFormatType
CopyFolderType : BaseMoveCopyFolderType =
CopyItemType : BaseMoveCopyItemType =
CreateActionType ~ "CreateNew|Update|UpdateOrCreate"
CreateAttachmentType : BaseRequestType = (m:ParentItemId=ItemIdType,m:Attachments=NonEmptyArrayOfAttachmentsType)
CreateFolderPathType : BaseRequestType = (m:ParentFolderId=TargetFolderIdType,m:RelativeFolderPath=NonEmptyArrayOfFoldersType)
CreateFolderType : BaseRequestType = (m:ParentFolderId=TargetFolderIdType,m:Folders=NonEmptyArrayOfFoldersType)
CreateItemType : BaseRequestType = (m:SavedItemFolderId=TargetFolderIdType?,m:Items=NonEmptyArrayOfAllItemsType) @MessageDisposition=MessageDispositionType? @SendMeetingInvitations=CalendarItemCreateOrDeleteOperationType?
CreateManagedFolderRequestType : BaseRequestType = (m:FolderNames=NonEmptyArrayOfFolderNamesType,m:Mailbox=EmailAddressType?)
CreateMeetingInstanceRequestType : BaseRequestType = (m:MeetingInstance=MeetingInstanceType)
CreateOrUpdateFocusedOtherOverrideRequestType : BaseRequestType = (m:SenderSmtpAddress=xs:string,m:SenderDisplayName=xs:string?,m:AlwaysClassifyAs=InferenceClassificationType)
CreateRuleOperationType : RuleOperationType = (t:Rule=RuleType)
CreateUserConfigurationType : BaseRequestType = (m:UserConfiguration=UserConfigurationType)
CustomSearchScopeType = (t:MailboxGuid=GuidType,t:FolderScope=SearchFolderScopeType,t:IsDeepTraversal=xs:boolean)
DailyRecurrencePatternType : IntervalRecurrencePatternBaseType =
DailyRegeneratingPatternType : RegeneratingPatternBaseType =
DayOfWeekIndexType ~ "First|Second|Third|Fourth|Last"
DayOfWeekType ~ "Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Day|Weekday|WeekendDay"
DaysOfWeekType ~ list DayOfWeekType
DeclineItemType : MeetingRegistrationResponseObjectType =
DefaultShapeNamesType ~ "IdOnly|Default|AllProperties|PcxPeopleSearch"
DelegateFolderPermissionLevelType ~ "None|Editor|Reviewer|Author|Custom"
DelegatePermissionsType = (t:CalendarFolderPermissionLevel=DelegateFolderPermissionLevelType?,t:TasksFolderPermissionLevel=DelegateFolderPermissionLevelType?,t:InboxFolderPermissionLevel=DelegateFolderPermissionLevelType?,t:ContactsFolderPermissionLevel=DelegateFolderPermissionLevelType?,t:NotesFolderPermissionLevel=DelegateFolderPermissionLevelType?,t:JournalFolderPermissionLevel=DelegateFolderPermissionLevelType?)
DelegateUserType = (t:UserId=UserIdType,t:DelegatePermissions=DelegatePermissionsType?,t:ReceiveCopiesOfMeetingMessages=xs:boolean?,t:ViewPrivateItems=xs:boolean?)
DeleteAttachmentType : BaseRequestType = (m:AttachmentIds=NonEmptyArrayOfRequestAttachmentIdsType)
DeleteFocusedOtherOverrideRequestType : BaseRequestType = (m:Id=GuidType)
DeleteFolderFieldType : FolderChangeDescriptionType =
DeleteFolderType : BaseRequestType = (m:FolderIds=NonEmptyArrayOfBaseFolderIdsType) @DeleteType=DisposalType
DeleteItemFieldType : ItemChangeDescriptionType =
DeleteItemType : BaseRequestType = (m:ItemIds=NonEmptyArrayOfBaseItemIdsType) @DeleteType=DisposalType @SendMeetingCancellations=CalendarItemCreateOrDeleteOperationType? @AffectedTaskOccurrences=AffectedTaskOccurrencesType? @SuppressReadReceipts=xs:boolean?
DeleteMeetingInstanceRequestType : BaseRequestType = (m:ItemId=ItemIdType)
DeleteRuleOperationType : RuleOperationType = (t:RuleId=xs:string)
DeleteSearchSuggestion : BaseRequestType = (m:SearchSessionId=GuidType,m:Query=xs:string,m:SuggestionTypes=SuggestionKindType,m:SearchScope=ArrayOfSearchScopeType?,m:Scenario=xs:string?)
DeleteUserConfigurationType : BaseRequestType = (m:UserConfigurationName=UserConfigurationNameType)
DeletedOccurrenceInfoType = (t:Start=xs:dateTime)
DeliverMeetingRequestsType ~ "DelegatesOnly|DelegatesAndMe|DelegatesAndSendInformationToMe|NoForward"
DelveSearchScopeType = (t:DelveView=DelveViewType)
DelveViewType ~ list "None|Files"
DerivedItemIdType ~ xs:string
DictionaryURIType ~ "item:InternetMessageHeader|contacts:ImAddress|contacts:PhysicalAddress:Street|contacts:PhysicalAddress:City|contacts:PhysicalAddress:State|contacts:PhysicalAddress:CountryOrRegion|contacts:PhysicalAddress:PostalCode|contacts:PhoneNumber|contacts:EmailAddress|distributionlist:Members:Member"
DisableAppType : BaseRequestType = (m:ID=xs:string,m:DisableReason=DisableReasonType)
DisableReasonType ~ "NoReason|OutlookClientPerformance|OWAClientPerformance|MobileClientPerformance"
DisconnectPhoneCallType : BaseRequestType = (m:PhoneCallId=PhoneCallIdType)
DisposalType ~ "HardDelete|SoftDelete|MoveToDeletedItems"
DistinguishedFolderIdNameType ~ "calendar|contacts|deleteditems|drafts|inbox|journal|notes|outbox|sentitems|tasks|msgfolderroot|publicfoldersroot|root|junkemail|searchfolders|voicemail|recoverableitemsroot|recoverableitemsdeletions|recoverableitemsversions|recoverableitemspurges|recoverableitemsdiscoveryholds|archiveroot|archivemsgfolderroot|archivedeleteditems|archiveinbox|archiverecoverableitemsroot|archiverecoverableitemsdeletions|archiverecoverableitemsversions|archiverecoverableitemspurges|archiverecoverableitemsdiscoveryholds|syncissues|conflicts|localfailures|serverfailures|recipientcache|quickcontacts|conversationhistory|adminauditlogs|todosearch|mycontacts|directory|imcontactlist|peopleconnect|favorites|mecontact|personmetadata|teamspaceactivity|teamspacemessaging|teamspaceworkitems|scheduled|orionnotes|tagitems|alltaggeditems|externalcontacts|teamchat|teamchathistory|yammerroot|yammerinbound|yammeroutbound|yammerfeeds|onedriveroot|onedriverecylebin|onedrivesystem|onedrivevolume|important|starred|archive"
DistinguishedFolderIdType : BaseFolderIdType = (t:Mailbox=EmailAddressType?) @Id=DistinguishedFolderIdNameType @ChangeKey=xs:string?
DistinguishedGroupByType : BaseGroupByType = (t:StandardGroupBy=StandardGroupByType)
DistinguishedPropertySetType ~ "Meeting|Appointment|Common|PublicStrings|Address|InternetHeaders|CalendarAssistant|UnifiedMessaging|Task|Sharing"
DistinguishedUserType ~ "Default|Anonymous"
DistributionListType : ItemType = (t:DisplayName=xs:string?,t:FileAs=xs:string?,t:ContactSource=ContactSourceType?,t:Members=MembersListType?)
Duration = (t:StartTime=xs:dateTime,t:EndTime=xs:dateTime)
DynamicRefinerQueryType = (t:RefinerQuery=xs:string,t:TDRefinerId=xs:int)
EffectiveRightsType = (t:CreateAssociated=xs:boolean,t:CreateContents=xs:boolean,t:CreateHierarchy=xs:boolean,t:Delete=xs:boolean,t:Modify=xs:boolean,t:Read=xs:boolean,t:ViewPrivateItems=xs:boolean?)
EmailAddress = (t:Name=xs:string?,t:Address=xs:string,t:RoutingType=xs:string?)
EmailAddressDictionaryEntryType ~ xs:string @Key=EmailAddressKeyType @Name=xs:string? @RoutingType=xs:string? @MailboxType=MailboxTypeType?
EmailAddressDictionaryType = (t:Entry=EmailAddressDictionaryEntryType+)
EmailAddressEntityType : EntityType = (t:EmailAddress=xs:string?)
EmailAddressExtendedType : EmailAddressType = (t:ExternalObjectId=xs:string?,t:PrimaryEmailAddress=NonEmptyStringType?)
EmailAddressKeyType ~ "EmailAddress1|EmailAddress2|EmailAddress3"
EmailAddressType : BaseEmailAddressType = (t:Name=xs:string?,t:EmailAddress=NonEmptyStringType?,t:RoutingType=NonEmptyStringType?,t:MailboxType=MailboxTypeType?,t:ItemId=ItemIdType?,t:OriginalDisplayName=xs:string?)
EmailPositionType ~ "LatestReply|Other|Subject|Signature"
EmailReminderChangeType ~ "None|Added|Override|Deleted"
EmailReminderSendOption ~ "NotSet|User|AllAttendees|Staff|Customer"
EmailUserType = (t:Name=xs:string?,t:UserId=xs:string?)
EmptyFolderType : BaseRequestType = (m:FolderIds=NonEmptyArrayOfBaseFolderIdsType) @DeleteType=DisposalType @DeleteSubFolders=xs:boolean
EndDateRecurrenceRangeType : RecurrenceRangeBaseType = (t:EndDate=xs:date)
EndSearchSession : BaseRequestType = (m:SearchSessionId=GuidType)
EnhancedLocationType = (t:DisplayName=xs:string,t:Annotation=xs:string?,t:PostalAddress=PersonaPostalAddressType?)
EntityExtractionResultType = (t:Addresses=ArrayOfAddressEntitiesType?,t:MeetingSuggestions=ArrayOfMeetingSuggestionsType?,t:TaskSuggestions=ArrayOfTaskSuggestionsType?,t:EmailAddresses=ArrayOfEmailAddressEntitiesType?,t:Contacts=ArrayOfContactsType?,t:Urls=ArrayOfUrlEntitiesType?,t:PhoneNumbers=ArrayOfPhoneEntitiesType?,t:ParcelDeliveries=ArrayOfParcelDeliveryEntitiesType?,t:FlightReservations=ArrayOfFlightReservationsType?,t:SenderAddIns=ArrayOfSenderAddInsType?)
EntityType = (t:Position=EmailPositionType*)
ExcludesAttributeType ~ xs:string /((0x|0X)[0-9A-Fa-f]*)|([0-9]*)/
ExcludesType : SearchExpressionType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType),t:Bitmask=ExcludesValueType)
ExcludesValueType =  @Value=ExcludesAttributeType
ExecuteSearch : BaseRequestType = (m:ApplicationId=SearchApplicationIdType,m:Scenario=xs:string,m:SearchSessionId=GuidType,m:SearchScope=ArrayOfSearchScopeType,m:Query=xs:string,m:AnalyzedQuery=AnalyzedQuery?,m:ResultRowCount=xs:long?,m:ResultRowOffset=xs:long?,m:MaxResultsCountHint=xs:long?,m:MaxPreviewLength=xs:long?,m:SearchRefiners=Anonymous3?,m:ExtendedKeywords=Anonymous4?,m:RetrieveRefiners=xs:boolean?,m:MaxRefinersCountPerRefinerType=xs:long?,m:IdFormat=IdFormatType?,m:ItemTypes=ItemTypesFilterType,m:PropertySetName=SearchResultsPropertySetNameType?,m:SearchRestrictions=RestrictionType?,m:IncludeDeleted=xs:boolean?,m:SortOrder=ExecuteSearchSortOrderType?,m:KeywordMatchOption=MatchOptionsType?,m:ReturnAdditionalIds=xs:boolean?)
ExecuteSearchSortOrderType ~ "DateTime|Relevance"
ExistsType : SearchExpressionType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType))
ExpandDLType : BaseRequestType = (m:Mailbox=EmailAddressType)
ExportItemsType : BaseRequestType = (m:ItemIds=NonEmptyArrayOfItemIdsType)
ExtendedAttributeType = (t:Name=xs:string,t:Value=xs:string)
ExtendedKeywordDefinitionType = (t:Keyword=xs:string,t:Properties=NonEmptyArrayOfExtendedFieldURIsType)
ExtendedPropertyType = (t:ExtendedFieldURI=PathToExtendedFieldType,(t:Value=xs:string|t:Values=NonEmptyArrayOfPropertyValuesType))
ExternalAudience ~ "None|Known|All"
FieldOrderType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType)) @Order=SortDirectionType
FieldURIOrConstantType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType)|t:Constant=ConstantValueType)
FileAsMappingType ~ "None|LastCommaFirst|FirstSpaceLast|Company|LastCommaFirstCompany|CompanyLastFirst|LastFirst|LastFirstCompany|CompanyLastCommaFirst|LastFirstSuffix|LastSpaceFirstCompany|CompanyLastSpaceFirst|LastSpaceFirst|DisplayName|FirstName|LastFirstMiddleSuffix|LastName|Empty"
FileAttachmentType : AttachmentType = (t:IsContactPhoto=xs:boolean?,t:Content=xs:base64Binary?)
FindAvailableMeetingTimesType : BaseRequestType = (m:Attendees=ArrayOfSmtpAddressType?,m:SearchWindowStart=xs:dateTime,m:SearchWindowDuration=xs:duration,m:MeetingDurationInMinutes=xs:int?,m:Location=xs:string?,m:MaxCandidates=xs:int?,m:ActivityDomain=ActivityDomainType?)
FindConversationType : BaseRequestType = ((m:IndexedPageItemView=IndexedPageViewType|m:SeekToConditionPageItemView=SeekToConditionPageViewType)?,m:SortOrder=NonEmptyArrayOfFieldOrdersType?,m:ParentFolderId=TargetFolderIdType,m:MailboxScope=MailboxSearchLocationType?,m:QueryString=QueryStringType?,m:ConversationShape=ConversationResponseShapeType?) @Traversal=ConversationQueryTraversalType? @ViewFilter=ViewFilterType?
FindFolderType : BaseRequestType = (m:FolderShape=FolderResponseShapeType,(m:IndexedPageFolderView=IndexedPageViewType|m:FractionalPageFolderView=FractionalPageViewType)?,m:Restriction=RestrictionType?,m:ParentFolderIds=NonEmptyArrayOfBaseFolderIdsType) @Traversal=FolderQueryTraversalType
FindItemType : BaseRequestType = (m:ItemShape=ItemResponseShapeType,(m:IndexedPageItemView=IndexedPageViewType|m:FractionalPageItemView=FractionalPageViewType|m:SeekToConditionPageItemView=SeekToConditionPageViewType|m:CalendarView=CalendarViewType|m:ContactsView=ContactsViewType)?,(m:GroupBy=GroupByType|m:DistinguishedGroupBy=DistinguishedGroupByType)?,m:Restriction=RestrictionType?,m:SortOrder=NonEmptyArrayOfFieldOrdersType?,m:ParentFolderIds=NonEmptyArrayOfBaseFolderIdsType,m:QueryString=QueryStringType?) @Traversal=ItemQueryTraversalType
FindMailboxStatisticsByKeywordsType : BaseRequestType = (m:Mailboxes=ArrayOfUserMailboxesType,m:Keywords=ArrayOfStringsType,m:Language=xs:string?,m:Senders=ArrayOfSmtpAddressType?,m:Recipients=ArrayOfSmtpAddressType?,m:FromDate=xs:dateTime?,m:ToDate=xs:dateTime?,m:MessageTypes=ArrayOfSearchItemKindsType?,m:SearchDumpster=xs:boolean?,m:IncludePersonalArchive=xs:boolean?,m:IncludeUnsearchableItems=xs:boolean?)
FindMeetingTimeCandidatesType : BaseRequestType = (m:AttendeeConstraints=FindMeetingTimesAttendeeConstraints?,m:LocationConstraints=FindMeetingTimesLocationConstraints?,m:SearchConstraints=FindMeetingTimesSearchConstraints?,m:Constraints=FindMeetingTimesConstraints?)
FindMeetingTimesAttendeeConstraints = (t:AttendeeEntries=ArrayOfAttendeeConstraintItems?)
FindMeetingTimesConstraints = (t:MaxCandidates=xs:int?,t:IsOrganizerOptional=xs:boolean?,t:ReturnSuggestionHints=xs:boolean?,t:AppName=xs:string?,t:AppScenario=xs:string?,t:MinimumAttendeePercentage=xs:double?)
FindMeetingTimesLocationConstraints = (t:LocationEntries=ArrayOfLocationConstraintItems?,t:IsRequired=xs:boolean?,t:SuggestLocation=xs:boolean?)
FindMeetingTimesSearchConstraints = (t:SearchWindows=ArrayOfTimeSlot?,t:MeetingDurationInMinutes=xs:int?,t:ActivityDomain=ActivityDomainType?)
FindMessageTrackingReportRequestType : BaseRequestType = (m:Scope=NonEmptyStringType&m:Domain=NonEmptyStringType&m:Sender=EmailAddressType?&m:PurportedSender=EmailAddressType?&m:Recipient=EmailAddressType?&m:Subject=xs:string?&m:StartDateTime=xs:dateTime?&m:EndDateTime=xs:dateTime?&m:MessageId=NonEmptyStringType?&m:FederatedDeliveryMailbox=EmailAddressType?&m:DiagnosticsLevel=xs:string?&m:ServerHint=xs:string?&m:Properties=ArrayOfTrackingPropertiesType?)
FindPeopleType : BaseRequestType = (m:PersonaShape=PersonaResponseShapeType?,m:IndexedPageItemView=IndexedPageViewType,m:Restriction=RestrictionType?,m:AggregationRestriction=RestrictionType?,m:SortOrder=NonEmptyArrayOfFieldOrdersType?,m:ParentFolderId=TargetFolderIdType?,m:QueryString=xs:string?,m:SearchPeopleSuggestionIndex=xs:boolean?,m:TopicQueryString=xs:string?,m:Context=ArrayOfContextProperty?,m:QuerySources=ArrayOfPeopleQuerySource?)
FindTagsType : BaseRequestType = (m:IndexedPageItemView=IndexedPageViewType,m:SortOrder=NonEmptyArrayOfFieldOrdersType?,m:QueryString=xs:string?,m:Context=ArrayOfContextProperty?)
FlagStatusType ~ "NotFlagged|Flagged|Complete"
FlagType = (t:FlagStatus=FlagStatusType,t:StartDate=xs:dateTime?,t:DueDate=xs:dateTime?,t:CompleteDate=xs:dateTime?)
FlaggedForActionType ~ "Any|Call|DoNotForward|FollowUp|FYI|Forward|NoResponseNecessary|Read|Reply|ReplyToAll|Review"
FlightEntityType = (t:FlightNumber=xs:string?,t:AirlineIataCode=xs:string?,t:DepartureTime=xs:string?,t:WindowsTimeZoneName=xs:string?,t:DepartureAirportIataCode=xs:string?,t:ArrivalAirportIataCode=xs:string?)
FlightReservationEntityType = (t:ReservationId=xs:string?,t:ReservationStatus=xs:string?,t:UnderName=xs:string?,t:BrokerName=xs:string?,t:BrokerPhone=xs:string?,t:Flights=ArrayOfFlightsType?)
FolderChangeDescriptionType : ChangeDescriptionType =
FolderChangeType = ((t:FolderId=FolderIdType|t:DistinguishedFolderId=DistinguishedFolderIdType),t:Updates=NonEmptyArrayOfFolderChangeDescriptionsType)
FolderIdType : BaseFolderIdType =  @Id=xs:string @ChangeKey=xs:string?
FolderQueryTraversalType ~ "Shallow|Deep|SoftDeleted"
FolderResponseShapeType = (t:BaseShape=DefaultShapeNamesType,t:AdditionalProperties=NonEmptyArrayOfPathsToElementType?)
FolderType : BaseFolderType = (t:PermissionSet=PermissionSetType?,t:UnreadCount=xs:int?)
ForwardItemType : SmartResponseType =
FractionalPageViewType : BasePagingType =  @Numerator=xs:int @Denominator=xs:int
FreeBusyViewOptionsType = (t:TimeWindow=Duration,t:MergedFreeBusyIntervalInMinutes=xs:int?,t:RequestedView=FreeBusyViewType?)
FreeBusyViewType ~ list "None|MergedOnly|FreeBusy|FreeBusyMerged|Detailed|DetailedMerged"
GetAppManifestsType : BaseRequestType = (m:ApiVersionSupported=xs:string?,m:SchemaVersionSupported=xs:string?,m:IncludeAllInstalledAddIns=xs:boolean?,m:IncludeEntitlementData=xs:boolean?,m:IncludeManifestData=xs:boolean?,m:IncludeCustomAppsData=xs:boolean?,m:ExtensionIds=ListOfExtensionIdsType?,m:AddIns=ArrayOfPrivateCatalogAddInsType?)
GetAppMarketplaceUrlType : BaseRequestType =
GetAttachmentType : BaseRequestType = (m:AttachmentShape=AttachmentResponseShapeType?,m:AttachmentIds=NonEmptyArrayOfRequestAttachmentIdsType)
GetClientAccessTokenType : BaseRequestType = (m:TokenRequests=NonEmptyArrayOfClientAccessTokenRequestsType)
GetConversationItemsType : BaseRequestType = (m:ItemShape=ItemResponseShapeType,m:FoldersToIgnore=NonEmptyArrayOfBaseFolderIdsType?,m:MaxItemsToReturn=xs:int?,m:SortOrder=ConversationNodeSortOrder?,m:MailboxScope=MailboxSearchLocationType?,m:Conversations=ArrayOfConversationRequestsType)
GetDelegateType : BaseDelegateType = (m:UserIds=ArrayOfUserIdType?) @IncludePermissions=xs:boolean
GetDiscoverySearchConfigurationType : BaseRequestType = (m:SearchId=xs:string?,m:ExpandGroupMembership=xs:boolean?,m:InPlaceHoldConfigurationOnly=xs:boolean?)
GetEventsType : BaseRequestType = (m:SubscriptionId=SubscriptionIdType,m:Watermark=WatermarkType)
GetFocusedOtherOverridesRequestType : BaseRequestType =
GetFolderType : BaseRequestType = (m:FolderShape=FolderResponseShapeType,m:FolderIds=NonEmptyArrayOfBaseFolderIdsType)
GetHoldOnMailboxesType : BaseRequestType = (m:HoldId=xs:string)
GetImItemListType : BaseRequestType = (m:ExtendedProperties=NonEmptyArrayOfExtendedFieldURIs?)
GetImItemsType : BaseRequestType = (m:ContactIds=NonEmptyArrayOfBaseItemIdsType?,m:GroupIds=NonEmptyArrayOfBaseItemIdsType?,m:ExtendedProperties=NonEmptyArrayOfExtendedFieldURIs?)
GetInboxRulesRequestType : BaseRequestType = (m:MailboxSmtpAddress=xs:string?)
GetItemType : BaseRequestType = (m:ItemShape=ItemResponseShapeType,m:ItemIds=NonEmptyArrayOfBaseItemIdsType)
GetLastPrivateCatalogUpdateType : BaseRequestType = (m:Client=OfficeClientType?)
GetMailTipsType : BaseRequestType = (m:SendingAs=EmailAddressType,m:Recipients=ArrayOfRecipientsType,m:MailTipsRequested=MailTipTypes)
GetMeetingInstanceRequestType : BaseRequestType = (m:ItemId=ItemIdType)
GetMessageTrackingReportRequestType : BaseRequestType = (m:Scope=NonEmptyStringType&m:ReportTemplate=MessageTrackingReportTemplateType&m:RecipientFilter=EmailAddressType?&m:MessageTrackingReportId=NonEmptyStringType&m:ReturnQueueEvents=xs:boolean?&m:DiagnosticsLevel=xs:string?&m:Properties=ArrayOfTrackingPropertiesType?)
GetNonIndexableItemDetailsType : BaseRequestType = (m:Mailboxes=NonEmptyArrayOfLegacyDNsType,m:PageSize=xs:int?,m:PageItemReference=xs:string?,m:PageDirection=SearchPageDirectionType?,m:SearchArchiveOnly=xs:boolean?)
GetNonIndexableItemStatisticsType : BaseRequestType = (m:Mailboxes=NonEmptyArrayOfLegacyDNsType,m:SearchArchiveOnly=xs:boolean?)
GetOMEConfigurationType : BaseRequestType =
GetPasswordExpirationDateType : BaseRequestType = (m:MailboxSmtpAddress=xs:string?)
GetPhoneCallInformationType : BaseRequestType = (m:PhoneCallId=PhoneCallIdType)
GetPrivateCatalogAddInsType : BaseRequestType = (m:Client=OfficeClientType?)
GetRemindersType : BaseRequestType = (m:BeginTime=xs:dateTime?,m:EndTime=xs:dateTime?,m:MaxItems=Anonymous1?,m:ReminderType=Anonymous2?)
GetRoomListsType : BaseRequestType =
GetRoomsType : BaseRequestType = (m:RoomList=EmailAddressType)
GetSearchSuggestions : BaseRequestType = (m:SearchSessionId=GuidType,m:Query=xs:string?,m:SuggestionTypes=SuggestionKindType?,m:SuggestionsPrimer=xs:boolean?,m:MaxSuggestionsCountPerSuggestionType=xs:long?,m:SearchScope=ArrayOfSearchScopeType?,m:Scenario=xs:string?)
GetSearchableMailboxesType : BaseRequestType = (m:SearchFilter=xs:string?,m:ExpandGroupMembership=xs:boolean?)
GetServerTimeZonesType : BaseRequestType = (m:Ids=NonEmptyArrayOfTimeZoneIdType?) @ReturnFullTimeZoneData=xs:boolean?
GetServiceConfigurationType : BaseRequestType = (m:ActingAs=EmailAddressType?,m:RequestedConfiguration=ArrayOfServiceConfigurationType,m:ConfigurationRequestDetails=ConfigurationRequestDetailsType?)
GetSharingFolderType : BaseRequestType = (m:SmtpAddress=NonEmptyStringType,m:DataType=SharingDataType?,m:SharedFolderId=NonEmptyStringType?)
GetSharingMetadataType : BaseRequestType = (m:IdOfFolderToShare=FolderIdType,m:SenderSmtpAddress=NonEmptyStringType,m:Recipients=ArrayOfSmtpAddressType)
GetSpecificUserConfigurationType : BaseRequestType = (m:UserConfigurationName=UserConfigurationNameType,m:UserConfigurationProperties=UserConfigurationPropertyType)
GetStreamingEventsType : BaseRequestType = (m:SubscriptionIds=NonEmptyArrayOfSubscriptionIdsType,m:ConnectionTimeout=StreamingSubscriptionConnectionTimeoutType)
GetUserAvailabilityRequestType : BaseRequestType = (t:TimeZone=SerializableTimeZone?,m:MailboxDataArray=ArrayOfMailboxData,t:FreeBusyViewOptions=FreeBusyViewOptionsType?,t:SuggestionsViewOptions=SuggestionsViewOptionsType?)
GetUserConfigurationType : BaseRequestType = (m:UserConfigurationName=UserConfigurationNameType,m:UserConfigurationProperties=UserConfigurationPropertyType)
GetUserOofSettingsRequest : BaseRequestType = (t:Mailbox=EmailAddress)
GetUserPhotoType : BaseRequestType = (m:Email=xs:string,m:SizeRequested=UserPhotoSizeType,m:TypeRequested=UserPhotoTypeType?)
GetUserRetentionPolicyTagsType : BaseRequestType =
GroupByType : BaseGroupByType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType),t:AggregateOn=AggregateOnType,t:UseCollapsibleGroups=xs:boolean?,t:ItemsPerGroup=xs:nonNegativeInteger?,t:MaxItemsPerGroup=xs:nonNegativeInteger?,t:GroupsToExpand=ArrayOfGroupIdType?)
GroupSearchScopeType = (t:GroupTypes=SearchScopeGroupsType)
GuidType ~ xs:string /[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}/
HideTagType : BaseRequestType = (m:Tag=xs:string)
HoldActionType ~ "Create|Update|Remove"
IconIndexType ~ "Default|PostItem|MailRead|MailUnread|MailReplied|MailForwarded|MailEncrypted|MailSmimeSigned|MailEncryptedReplied|MailSmimeSignedReplied|MailEncryptedForwarded|MailSmimeSignedForwarded|MailEncryptedRead|MailSmimeSignedRead|MailIrm|MailIrmForwarded|MailIrmReplied|SmsSubmitted|SmsRoutedToDeliveryPoint|SmsRoutedToExternalMessagingSystem|SmsDelivered|OutlookDefaultForContacts|AppointmentItem|AppointmentRecur|AppointmentMeet|AppointmentMeetRecur|AppointmentMeetNY|AppointmentMeetYes|AppointmentMeetNo|AppointmentMeetMaybe|AppointmentMeetCancel|AppointmentMeetInfo|TaskItem|TaskRecur|TaskOwned|TaskDelegated"
IdFormatType ~ "EwsLegacyId|EwsId|EntryId|HexEntryId|StoreId|OwaId"
ImAddressDictionaryEntryType ~ xs:string @Key=ImAddressKeyType
ImAddressDictionaryType = (t:Entry=ImAddressDictionaryEntryType+)
ImAddressKeyType ~ "ImAddress1|ImAddress2|ImAddress3"
ImportanceChoicesType ~ "Low|Normal|High"
InboxReminderType = (t:Id=GuidType?,t:ReminderOffset=xs:int?,t:Message=xs:string?,t:IsOrganizerReminder=xs:boolean?,t:OccurrenceChange=EmailReminderChangeType?,t:SendOption=EmailReminderSendOption?)
IndexBasePointType ~ "Beginning|End"
IndexedPageViewType : BasePagingType =  @Offset=xs:int @BasePoint=IndexBasePointType
InferenceClassificationType ~ "Focused|Other"
InstallAppType : BaseRequestType = (m:Manifest=xs:base64Binary,m:MarketplaceAssetId=xs:string?,m:MarketplaceContentMarket=xs:string?,m:SendWelcomeEmail=xs:boolean?,m:ManifestUrl=xs:string?,m:MarketplaceCorrelationId=xs:string?,m:CampaignId=xs:string?)
InstantSearchItemType ~ list "None|MailItem|MailConversation|CalendarItem|Persona"
InternetHeaderType ~ xs:string @HeaderName=xs:string
IntervalRecurrencePatternBaseType : RecurrencePatternBaseType = (t:Interval=xs:int)
IsEqualToType : TwoOperandExpressionType =
IsGreaterThanOrEqualToType : TwoOperandExpressionType =
IsGreaterThanType : TwoOperandExpressionType =
IsLessThanOrEqualToType : TwoOperandExpressionType =
IsLessThanType : TwoOperandExpressionType =
IsNotEqualToType : TwoOperandExpressionType =
ItemAttachmentType : AttachmentType = (t:Item=ItemType|t:Message=MessageType|t:SharingMessage=SharingMessageType|t:CalendarItem=CalendarItemType|t:Contact=ContactItemType|t:MeetingMessage=MeetingMessageType|t:MeetingRequest=MeetingRequestMessageType|t:MeetingResponse=MeetingResponseMessageType|t:MeetingCancellation=MeetingCancellationMessageType|t:Task=TaskType|t:PostItem=PostItemType|t:RoleMember=RoleMemberItemType|t:Network=NetworkItemType|t:Person=AbchPersonItemType)?
ItemChangeDescriptionType : ChangeDescriptionType =
ItemChangeType = ((t:ItemId=ItemIdType|t:OccurrenceItemId=OccurrenceItemIdType|t:RecurringMasterItemId=RecurringMasterItemIdType),t:Updates=NonEmptyArrayOfItemChangeDescriptionsType,t:CalendarActivityData=CalendarActivityDataType?)
ItemClassType ~ xs:string
ItemIdType : BaseItemIdType =  @Id=xs:string @ChangeKey=xs:string?
ItemQueryTraversalType ~ "Shallow|SoftDeleted|Associated"
ItemResponseShapeType = (t:BaseShape=DefaultShapeNamesType,t:IncludeMimeContent=xs:boolean?,t:BodyType=BodyTypeResponseType?,t:UniqueBodyType=BodyTypeResponseType?,t:NormalizedBodyType=BodyTypeResponseType?,t:FilterHtmlContent=xs:boolean?,t:ConvertHtmlCodePageToUTF8=xs:boolean?,t:InlineImageUrlTemplate=xs:string?,t:BlockExternalImages=xs:boolean?,t:AddBlankTargetToLinks=xs:boolean?,t:MaximumBodySize=xs:int?,t:AdditionalProperties=NonEmptyArrayOfPathsToElementType?)
ItemType = (t:MimeContent=MimeContentType?,t:ItemId=ItemIdType?,t:ParentFolderId=FolderIdType?,t:ItemClass=ItemClassType?,t:Subject=xs:string?,t:Sensitivity=SensitivityChoicesType?,t:Body=BodyType?,t:Attachments=NonEmptyArrayOfAttachmentsType?,t:DateTimeReceived=xs:dateTime?,t:Size=xs:int?,t:Categories=ArrayOfStringsType?,t:Importance=ImportanceChoicesType?,t:InReplyTo=xs:string?,t:IsSubmitted=xs:boolean?,t:IsDraft=xs:boolean?,t:IsFromMe=xs:boolean?,t:IsResend=xs:boolean?,t:IsUnmodified=xs:boolean?,t:InternetMessageHeaders=NonEmptyArrayOfInternetHeadersType?,t:DateTimeSent=xs:dateTime?,t:DateTimeCreated=xs:dateTime?,t:ResponseObjects=NonEmptyArrayOfResponseObjectsType?,t:ReminderDueBy=xs:dateTime?,t:ReminderIsSet=xs:boolean?,t:ReminderNextTime=xs:dateTime?,t:ReminderMinutesBeforeStart=ReminderMinutesBeforeStartType?,t:DisplayCc=xs:string?,t:DisplayTo=xs:string?,t:DisplayBcc=xs:string?,t:HasAttachments=xs:boolean?,t:ExtendedProperty=ExtendedPropertyType*,t:Culture=xs:language?,t:EffectiveRights=EffectiveRightsType?,t:LastModifiedName=xs:string?,t:LastModifiedTime=xs:dateTime?,t:IsAssociated=xs:boolean?,t:WebClientReadFormQueryString=xs:string?,t:WebClientEditFormQueryString=xs:string?,t:ConversationId=ItemIdType?,t:UniqueBody=BodyType?,t:Flag=FlagType?,t:StoreEntryId=xs:base64Binary?,t:InstanceKey=xs:base64Binary?,t:NormalizedBody=BodyType?,t:EntityExtractionResult=EntityExtractionResultType?,t:PolicyTag=RetentionTagType?,t:ArchiveTag=RetentionTagType?,t:RetentionDate=xs:dateTime?,t:Preview=xs:string?,t:RightsManagementLicenseData=RightsManagementLicenseDataType?,t:PredictedActionReasons=NonEmptyArrayOfPredictedActionReasonType?,t:IsClutter=xs:boolean?,t:BlockStatus=xs:boolean?,t:HasBlockedImages=xs:boolean?,t:TextBody=BodyType?,t:IconIndex=IconIndexType?,t:SearchKey=xs:base64Binary?,t:SortKey=xs:long?,t:Hashtags=ArrayOfStringsType?,t:Mentions=ArrayOfRecipientsType?,t:MentionedMe=xs:boolean?,t:MentionsPreview=MentionsPreviewType?,t:MentionsEx=NonEmptyArrayOfMentionActionsType?,t:AppliedHashtags=NonEmptyArrayOfAppliedHashtagType?,t:AppliedHashtagsPreview=AppliedHashtagsPreviewType?,t:Likes=NonEmptyArrayOfLikeType?,t:LikesPreview=LikesPreviewType?,t:PendingSocialActivityTagIds=ArrayOfStringsType?,t:AtAllMention=xs:boolean?,t:CanDelete=xs:boolean?,t:InferenceClassification=InferenceClassificationType?)
ItemTypesFilterType ~ list "None|MailItems|MailConversations|CalendarItems|Contacts|OneDriveItems|FileItems|DelveItems|MessageItems"
LargeArchiveSearchScopeType = (t:ArchiveTypes=SearchScopeArchivesType)
LegacyFreeBusyType ~ "Free|Tentative|Busy|OOF|WorkingElsewhere|NoData"
LikeType = (t:Id=xs:string,t:CreatedBy=EmailAddressExtendedType,t:CreatedDateTime=xs:string?,t:ServerCreatedDateTime=xs:string?,t:DeepLink=xs:string?,t:Application=xs:string?)
LikesPreviewType = (t:LikeCount=xs:int)
ListOfExtensionIdsType ~ list GuidType
LobbyBypassType ~ "Disabled|EnabledForGatewayParticipants"
LocationConstraintItem : MeetingTimeCandidatesConstraintItem = (t:Name=xs:string?,t:ResolveAvailability=xs:boolean?)
LocationSourceType ~ "None|LocationServices|PhonebookServices|Device|Contact|Resource"
MailTipTypes ~ list "All|OutOfOfficeMessage|MailboxFullStatus|CustomMailTip|ExternalMemberCount|TotalMemberCount|MaxMessageSize|DeliveryRestriction|ModerationStatus|InvalidRecipient|Scope|RecipientSuggestions|PreferAccessibleContent"
MailboxData = (t:Email=EmailAddress,t:AttendeeType=MeetingAttendeeType,t:ExcludeConflicts=xs:boolean?)
MailboxQueryType = (t:Query=xs:string,t:MailboxSearchScopes=NonEmptyArrayOfMailboxSearchScopesType)
MailboxSearchLocationType ~ "PrimaryOnly|ArchiveOnly|All"
MailboxSearchScopeType = (t:Mailbox=xs:string,t:SearchScope=MailboxSearchLocationType,t:ExtendedAttributes=ArrayOfExtendedAttributesType?)
MailboxTypeType ~ "Unknown|OneOff|Mailbox|PublicDL|PrivateDL|Contact|PublicFolder|GroupMailbox|ImplicitContact"
ManagedFolderInformationType = (t:CanDelete=xs:boolean?,t:CanRenameOrMove=xs:boolean?,t:MustDisplayComment=xs:boolean?,t:HasQuota=xs:boolean?,t:IsManagedFoldersRoot=xs:boolean?,t:ManagedFolderId=xs:string?,t:Comment=xs:string?,t:StorageQuota=xs:int?,t:FolderSize=xs:int?,t:HomePage=xs:string?)
MapiPropertyTypeType ~ "ApplicationTime|ApplicationTimeArray|Binary|BinaryArray|Boolean|CLSID|CLSIDArray|Currency|CurrencyArray|Double|DoubleArray|Error|Float|FloatArray|Integer|IntegerArray|Long|LongArray|Null|Object|ObjectArray|Short|ShortArray|SystemTime|SystemTimeArray|String|StringArray"
MarkAllItemsAsReadType : BaseRequestType = (m:ReadFlag=xs:boolean,m:SuppressReadReceipts=xs:boolean,m:FolderIds=NonEmptyArrayOfBaseFolderIdsType)
MarkAsJunkType : BaseRequestType = (m:ItemIds=NonEmptyArrayOfBaseItemIdsType) @IsJunk=xs:boolean @MoveItem=xs:boolean
MatchOptionsType ~ "FullString|Prefix"
MaxSyncChangesReturnedType ~ xs:int >=1 <=512
MeetingAttendeeType ~ "Organizer|Required|Optional|Room|Resource"
MeetingCancellationMessageType : MeetingMessageType = (t:Start=xs:dateTime?,t:End=xs:dateTime?,t:Location=xs:string?,t:Recurrence=RecurrenceType?,t:CalendarItemType=xs:string?,t:EnhancedLocation=EnhancedLocationType?,t:DoNotForwardMeeting=xs:boolean?)
MeetingInstanceType = (t:Id=xs:string?,t:ChangeKey=xs:string?,t:Version=xs:string?,t:JoinUrl=xs:string?,t:DateTimeCreated=xs:string?,t:DateTimeModified=xs:string?,t:Meadata=xs:string?,t:Tag=xs:string?,t:ParentGoid=xs:string?,t:ParticipantActivities=NonEmptyArrayOfParticipantActivities?,t:ContentActivities=NonEmptyArrayOfContentActivities?)
MeetingMessageType : MessageType = (t:AssociatedCalendarItemId=ItemIdType?,t:IsDelegated=xs:boolean?,t:IsOutOfDate=xs:boolean?,t:HasBeenProcessed=xs:boolean?,t:ResponseType=ResponseTypeType?,t:UID=xs:string?,t:RecurrenceId=xs:dateTime?,t:DateTimeStamp=xs:dateTime?,t:IsOrganizer=xs:boolean?)
MeetingRegistrationResponseObjectType : WellKnownResponseObjectType = (t:ProposedStart=xs:dateTime?,t:ProposedEnd=xs:dateTime?)
MeetingRequestMessageType : MeetingMessageType = (t:MeetingRequestType=MeetingRequestTypeType?,t:IntendedFreeBusyStatus=LegacyFreeBusyType?,t:Start=xs:dateTime?,t:End=xs:dateTime?,t:OriginalStart=xs:dateTime?,t:IsAllDayEvent=xs:boolean?,t:LegacyFreeBusyStatus=LegacyFreeBusyType?,t:Location=xs:string?,t:When=xs:string?,t:IsMeeting=xs:boolean?,t:IsCancelled=xs:boolean?,t:IsRecurring=xs:boolean?,t:MeetingRequestWasSent=xs:boolean?,t:CalendarItemType=CalendarItemTypeType?,t:MyResponseType=ResponseTypeType?,t:Organizer=SingleRecipientType?,t:RequiredAttendees=NonEmptyArrayOfAttendeesType?,t:OptionalAttendees=NonEmptyArrayOfAttendeesType?,t:Resources=NonEmptyArrayOfAttendeesType?,t:ConflictingMeetingCount=xs:int?,t:AdjacentMeetingCount=xs:int?,t:ConflictingMeetings=NonEmptyArrayOfAllItemsType?,t:AdjacentMeetings=NonEmptyArrayOfAllItemsType?,t:Duration=xs:string?,t:TimeZone=xs:string?,t:AppointmentReplyTime=xs:dateTime?,t:AppointmentSequenceNumber=xs:int?,t:AppointmentState=xs:int?,t:Recurrence=RecurrenceType?,t:FirstOccurrence=OccurrenceInfoType?,t:LastOccurrence=OccurrenceInfoType?,t:ModifiedOccurrences=NonEmptyArrayOfOccurrenceInfoType?,t:DeletedOccurrences=NonEmptyArrayOfDeletedOccurrencesType?,t:MeetingTimeZone=TimeZoneType?,t:StartTimeZone=TimeZoneDefinitionType?,t:EndTimeZone=TimeZoneDefinitionType?,t:ConferenceType=xs:int?,t:AllowNewTimeProposal=xs:boolean?,t:IsOnlineMeeting=xs:boolean?,t:MeetingWorkspaceUrl=xs:string?,t:NetShowUrl=xs:string?,t:EnhancedLocation=EnhancedLocationType?,t:ChangeHighlights=ChangeHighlightsType?,t:StartWallClock=xs:dateTime?,t:EndWallClock=xs:dateTime?,t:StartTimeZoneId=xs:string?,t:EndTimeZoneId=xs:string?,t:DoNotForwardMeeting=xs:boolean?)
MeetingRequestTypeType ~ "None|FullUpdate|InformationalUpdate|NewMeetingRequest|Outdated|SilentUpdate|PrincipalWantsCopy"
MeetingResponseMessageType : MeetingMessageType = (t:Start=xs:dateTime?,t:End=xs:dateTime?,t:Location=xs:string?,t:Recurrence=RecurrenceType?,t:CalendarItemType=xs:string?,t:ProposedStart=xs:dateTime?,t:ProposedEnd=xs:dateTime?,t:EnhancedLocation=EnhancedLocationType?)
MeetingSuggestionType : EntityType = (t:Attendees=ArrayOfEmailUsersType?,t:Location=xs:string?,t:Subject=xs:string?,t:MeetingString=xs:string?,t:StartTime=xs:dateTime?,t:EndTime=xs:dateTime?)
MeetingTimeCandidatesConstraintItem = (t:Email=xs:string?)
MemberStatusType ~ "Unrecognized|Normal|Demoted"
MemberType = (t:Mailbox=EmailAddressType?,t:Status=MemberStatusType?) @Key=xs:string?
MembersListType = (t:Member=MemberType*)
MentionActionType = (t:Id=xs:string,t:CreatedBy=EmailAddressExtendedType,t:CreatedDateTime=xs:string?,t:ServerCreatedDateTime=xs:string?,t:DeepLink=xs:string?,t:Application=xs:string?,t:Mentioned=EmailAddressExtendedType,t:MentionText=xs:string?,t:ClientReference=xs:string?)
MentionsPreviewType = (t:IsMentioned=xs:boolean)
MessageDispositionType ~ "SaveOnly|SendOnly|SendAndSaveCopy"
MessageSafetyType = (t:MessageSafetyLevel=xs:int?,t:MessageSafetyReason=xs:int?,t:Info=xs:string?)
MessageTrackingReportTemplateType ~ "Summary|RecipientPath"
MessageType : ItemType = (t:Sender=SingleRecipientType?,t:ToRecipients=ArrayOfRecipientsType?,t:CcRecipients=ArrayOfRecipientsType?,t:BccRecipients=ArrayOfRecipientsType?,t:IsReadReceiptRequested=xs:boolean?,t:IsDeliveryReceiptRequested=xs:boolean?,t:ConversationIndex=xs:base64Binary?,t:ConversationTopic=xs:string?,t:From=SingleRecipientType?,t:InternetMessageId=xs:string?,t:IsRead=xs:boolean?,t:IsResponseRequested=xs:boolean?,t:References=xs:string?,t:ReplyTo=ArrayOfRecipientsType?,t:ReceivedBy=SingleRecipientType?,t:ReceivedRepresenting=SingleRecipientType?,t:ApprovalRequestData=ApprovalRequestDataType?,t:VotingInformation=VotingInformationType?,t:ReminderMessageData=ReminderMessageDataType?,t:MessageSafety=MessageSafetyType?,t:SenderSMTPAddress=SmtpAddressType?,t:MailboxGuids=Anonymous5?,t:PublishedCalendarItemIcs=xs:string?,t:PublishedCalendarItemName=xs:string?)
MimeContentType ~ xs:string @CharacterSet=xs:string?
MonthNamesType ~ "January|February|March|April|May|June|July|August|September|October|November|December"
MonthlyRegeneratingPatternType : RegeneratingPatternBaseType =
MoveFolderType : BaseMoveCopyFolderType =
MoveItemType : BaseMoveCopyItemType =
MultipleOperandBooleanExpressionType : SearchExpressionType = ((t:Exists=ExistsType|t:Excludes=ExcludesType|t:IsEqualTo=IsEqualToType|t:IsNotEqualTo=IsNotEqualToType|t:IsGreaterThan=IsGreaterThanType|t:IsGreaterThanOrEqualTo=IsGreaterThanOrEqualToType|t:IsLessThan=IsLessThanType|t:IsLessThanOrEqualTo=IsLessThanOrEqualToType|t:Contains=ContainsExpressionType|t:Not=NotType|t:And=AndType|t:Or=OrType|t:Near=NearType)+)
NearType : MultipleOperandBooleanExpressionType = (t:Distance=xs:unsignedInt,t:Ordered=xs:boolean)
NetworkItemType : ItemType = (t:DomainId=xs:int?,t:DomainTag=xs:string?,t:UserTileUrl=xs:string?,t:ProfileUrl=xs:string?,t:Settings=xs:int?,t:IsDefault=xs:boolean?,t:AutoLinkError=xs:string?,t:AutoLinkSuccess=xs:string?,t:UserEmail=xs:string?,t:ClientPublishSecret=xs:string?,t:ClientToken=xs:string?,t:ClientToken2=xs:string?,t:ContactSyncError=xs:string?,t:ContactSyncSuccess=xs:string?,t:ErrorOffers=xs:int?,t:FirstAuthErrorDates=xs:string?,t:LastVersionSaved=xs:int?,t:LastWelcomeContact=xs:string?,t:Offers=xs:int?,t:PsaLastChanged=xs:dateTime?,t:RefreshToken2=xs:string?,t:RefreshTokenExpiry2=xs:string?,t:SessionHandle=xs:string?,t:RejectedOffers=xs:int?,t:SyncEnabled=xs:boolean?,t:TokenRefreshLastAttempted=xs:dateTime?,t:TokenRefreshLastCompleted=xs:dateTime?,t:PsaState=xs:string?,t:SourceEntryID=xs:base64Binary?,t:AccountName=xs:string?,t:LastSync=xs:dateTime?)
NoEndRecurrenceRangeType : RecurrenceRangeBaseType =
NonEmptyArrayOfAllItemsType = ((t:Item=ItemType|t:Message=MessageType|t:SharingMessage=SharingMessageType|t:CalendarItem=CalendarItemType|t:Contact=ContactItemType|t:DistributionList=DistributionListType|t:MeetingMessage=MeetingMessageType|t:MeetingRequest=MeetingRequestMessageType|t:MeetingResponse=MeetingResponseMessageType|t:MeetingCancellation=MeetingCancellationMessageType|t:Task=TaskType|t:PostItem=PostItemType|t:ReplyToItem=ReplyToItemType|t:ForwardItem=ForwardItemType|t:ReplyAllToItem=ReplyAllToItemType|t:AcceptItem=AcceptItemType|t:TentativelyAcceptItem=TentativelyAcceptItemType|t:DeclineItem=DeclineItemType|t:CancelCalendarItem=CancelCalendarItemType|t:RemoveItem=RemoveItemType|t:SuppressReadReceipt=SuppressReadReceiptType|t:PostReplyItem=PostReplyItemType|t:AcceptSharingInvitation=AcceptSharingInvitationType|t:RoleMember=RoleMemberItemType|t:Network=NetworkItemType|t:Person=AbchPersonItemType)+)
NonEmptyArrayOfAlternateIdsType = (t:AlternateId=AlternateIdType|t:AlternatePublicFolderId=AlternatePublicFolderIdType|t:AlternatePublicFolderItemId=AlternatePublicFolderItemIdType)+
NonEmptyArrayOfAppliedHashtagType = (t:AppliedHashtag=AppliedHashtagType+)
NonEmptyArrayOfApplyConversationActionType = (t:ConversationAction=ConversationActionType+)
NonEmptyArrayOfAttachmentsType = (t:ItemAttachment=ItemAttachmentType|t:FileAttachment=FileAttachmentType|t:ReferenceAttachment=ReferenceAttachmentType)+
NonEmptyArrayOfAttendeesType = (t:Attendee=AttendeeType+)
NonEmptyArrayOfBaseFolderIdsType = (t:FolderId=FolderIdType|t:DistinguishedFolderId=DistinguishedFolderIdType)+
NonEmptyArrayOfBaseItemIdsType = (t:ItemId=ItemIdType|t:OccurrenceItemId=OccurrenceItemIdType|t:RecurringMasterItemId=RecurringMasterItemIdType|t:RecurringMasterItemIdRanges=RecurringMasterItemIdRangesType)+
NonEmptyArrayOfClientAccessTokenRequestsType = (t:TokenRequest=ClientAccessTokenRequestType+)
NonEmptyArrayOfContentActivities = (t:ContentActivity=ContentActivity+)
NonEmptyArrayOfDeletedOccurrencesType = (t:DeletedOccurrence=DeletedOccurrenceInfoType+)
NonEmptyArrayOfExtendedFieldURIs = (t:ExtendedProperty=PathToExtendedFieldType)+
NonEmptyArrayOfExtendedFieldURIsType = (t:ExtendedFieldURI=PathToExtendedFieldType)+
NonEmptyArrayOfFieldOrdersType = (t:FieldOrder=FieldOrderType+)
NonEmptyArrayOfFolderChangeDescriptionsType = (t:AppendToFolderField=AppendToFolderFieldType|t:SetFolderField=SetFolderFieldType|t:DeleteFolderField=DeleteFolderFieldType)+
NonEmptyArrayOfFolderChangesType = (t:FolderChange=FolderChangeType+)
NonEmptyArrayOfFolderNamesType = (t:FolderName=xs:string+)
NonEmptyArrayOfFoldersType = (t:Folder=FolderType|t:CalendarFolder=CalendarFolderType|t:ContactsFolder=ContactsFolderType|t:SearchFolder=SearchFolderType|t:TasksFolder=TasksFolderType)+
NonEmptyArrayOfInternetHeadersType = (t:InternetMessageHeader=InternetHeaderType+)
NonEmptyArrayOfItemChangeDescriptionsType = (t:AppendToItemField=AppendToItemFieldType|t:SetItemField=SetItemFieldType|t:DeleteItemField=DeleteItemFieldType)+
NonEmptyArrayOfItemChangesType = (t:ItemChange=ItemChangeType+)
NonEmptyArrayOfItemIdsType = (t:ItemId=ItemIdType+)
NonEmptyArrayOfLegacyDNsType = (t:LegacyDN=xs:string+)
NonEmptyArrayOfLikeType = (t:Like=LikeType+)
NonEmptyArrayOfMailboxQueriesType = (t:MailboxQuery=MailboxQueryType+)
NonEmptyArrayOfMailboxSearchScopesType = (t:MailboxSearchScope=MailboxSearchScopeType+)
NonEmptyArrayOfMentionActionsType = (t:MentionAction=MentionActionType+)
NonEmptyArrayOfNotificationEventTypesType = (t:EventType=NotificationEventTypeType)+
NonEmptyArrayOfOccurrenceInfoType = (t:Occurrence=OccurrenceInfoType+)
NonEmptyArrayOfParticipantActivities = (t:ParticipantActivity=ParticipantActivity+)
NonEmptyArrayOfPathsToElementType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType))+
NonEmptyArrayOfPeriodsType = (t:Period=PeriodType+)
NonEmptyArrayOfPredictedActionReasonType = (t:PredictedActionReason=PredictedActionReasonType+)
NonEmptyArrayOfPropertyValuesType = (t:Value=xs:string+)
NonEmptyArrayOfReminderItemActionType = (t:ReminderItemAction=ReminderItemActionType+)
NonEmptyArrayOfRequestAttachmentIdsType = (t:AttachmentId=RequestAttachmentIdType)+
NonEmptyArrayOfResponseObjectsType = (t:AcceptItem=AcceptItemType|t:TentativelyAcceptItem=TentativelyAcceptItemType|t:DeclineItem=DeclineItemType|t:ReplyToItem=ReplyToItemType|t:ForwardItem=ForwardItemType|t:ReplyAllToItem=ReplyAllToItemType|t:CancelCalendarItem=CancelCalendarItemType|t:RemoveItem=RemoveItemType|t:SuppressReadReceipt=SuppressReadReceiptType|t:PostReplyItem=PostReplyItemType|t:AcceptSharingInvitation=AcceptSharingInvitationType|t:AddItemToMyCalendar=AddItemToMyCalendarType|t:ProposeNewTime=ProposeNewTimeType)*
NonEmptyArrayOfSubscriptionIdsType = (t:SubscriptionId=SubscriptionIdType+)
NonEmptyArrayOfTimeZoneIdType = (t:Id=xs:string+)
NonEmptyArrayOfUploadItemsType = (t:Item=UploadItemType+)
NonEmptyStringType ~ xs:string length>=1
NotType : SearchExpressionType = ((t:Exists=ExistsType|t:Excludes=ExcludesType|t:IsEqualTo=IsEqualToType|t:IsNotEqualTo=IsNotEqualToType|t:IsGreaterThan=IsGreaterThanType|t:IsGreaterThanOrEqualTo=IsGreaterThanOrEqualToType|t:IsLessThan=IsLessThanType|t:IsLessThanOrEqualTo=IsLessThanOrEqualToType|t:Contains=ContainsExpressionType|t:Not=NotType|t:And=AndType|t:Or=OrType|t:Near=NearType))
NotificationEventTypeType ~ "CopiedEvent|CreatedEvent|DeletedEvent|ModifiedEvent|MovedEvent|NewMailEvent|FreeBusyChangedEvent"
NumberedRecurrenceRangeType : RecurrenceRangeBaseType = (t:NumberOfOccurrences=xs:int)
OccurrenceInfoType = (t:ItemId=ItemIdType,t:Start=xs:dateTime,t:End=xs:dateTime,t:OriginalStart=xs:dateTime)
OccurrenceItemIdType : BaseItemIdType =  @RecurringMasterId=DerivedItemIdType @ChangeKey=xs:string? @InstanceIndex=xs:int
OccurrencesRangeType =  @Start=xs:dateTime? @End=xs:dateTime? @Count=xs:int? @CompareOriginalStartTime=xs:boolean?
OfficeClientCodeType ~ xs:string /[a-zA-Z0-9]+_[a-zA-Z0-9]+/
OfficeClientType =  @Code=OfficeClientCodeType @Version=VersionType
OneDriveSearchScopeType = (t:OneDriveView=OneDriveViewType)
OneDriveViewType ~ list "None|SharedWithMe|MyDocuments|RecycleBin"
OnlineMeetingAccessLevelType ~ "Locked|Invited|Internal|Everyone"
OnlineMeetingSettingsType = (t:LobbyBypass=LobbyBypassType,t:AccessLevel=OnlineMeetingAccessLevelType,t:Presenters=PresentersType)
OofState ~ "Disabled|Enabled|Scheduled"
OrType : MultipleOperandBooleanExpressionType =
ParcelDeliveryEntityType = (t:Carrier=xs:string?,t:TrackingNumber=xs:string?,t:TrackingUrl=xs:string?,t:ExpectedArrivalFrom=xs:string?,t:ExpectedArrivalUntil=xs:string?,t:Product=xs:string?,t:ProductUrl=xs:string?,t:ProductImage=xs:string?,t:ProductSku=xs:string?,t:ProductDescription=xs:string?,t:ProductBrand=xs:string?,t:ProductColor=xs:string?,t:OrderNumber=xs:string?,t:Seller=xs:string?,t:OrderStatus=xs:string?,t:AddressName=xs:string?,t:StreetAddress=xs:string?,t:AddressLocality=xs:string?,t:AddressRegion=xs:string?,t:AddressCountry=xs:string?,t:PostalCode=xs:string?)
ParticipantActivity = (t:Id=GuidType,t:CreatedBy=xs:string,t:StartTime=xs:string,t:EndTime=xs:string,t:ClientVersion=xs:string,t:Role=ParticipantActivityRole,t:MediaType=ParticipantActivityMediaType,t:MediaDetails=xs:string?)
ParticipantActivityMediaType ~ "AppSharing|AudioVideo|Chat|DataConf|Meeting|MeetingConf|PhoneConf|Focus"
ParticipantActivityRole ~ "Organizer|Attendee|Presenter"
PathToExtendedFieldType : BasePathToElementType =  @DistinguishedPropertySetId=DistinguishedPropertySetType? @PropertySetId=GuidType? @PropertyTag=PropertyTagType? @PropertyName=xs:string? @PropertyId=xs:int? @PropertyType=MapiPropertyTypeType
PathToIndexedFieldType : BasePathToElementType =  @FieldURI=DictionaryURIType @FieldIndex=xs:string
PathToUnindexedFieldType : BasePathToElementType =  @FieldURI=UnindexedFieldURIType
PerformInstantSearchRequest : BaseRequestType = (m:SearchSessionId=xs:string,m:ItemType=InstantSearchItemType,m:QueryOptions=QueryOptionsType,m:SearchRequestId=xs:long,m:KqlQuery=xs:string,m:FolderScope=ArrayOfFolderIdType,m:DistinguishedFolderScope=ArrayOfDistinguishedFolderIdType?,m:IsDeepTraversal=xs:boolean?,m:WaitOnSearchResults=xs:boolean?)
PerformReminderActionType : BaseRequestType = (m:ReminderItemActions=NonEmptyArrayOfReminderItemActionType)
PeriodType =  @Bias=xs:duration? @Name=xs:string? @Id=xs:string?
PermissionActionType ~ "None|Owned|All"
PermissionLevelType ~ "None|Owner|PublishingEditor|Editor|PublishingAuthor|Author|NoneditingAuthor|Reviewer|Contributor|Custom"
PermissionReadAccessType ~ "None|FullDetails"
PermissionSetType = (t:Permissions=ArrayOfPermissionsType,t:UnknownEntries=ArrayOfUnknownEntriesType?)
PermissionType : BasePermissionType = (t:ReadItems=PermissionReadAccessType?,t:PermissionLevel=PermissionLevelType)
PersonaPostalAddressType = (t:Street=xs:string?,t:City=xs:string?,t:State=xs:string?,t:Country=xs:string?,t:PostalCode=xs:string?,t:PostOfficeBox=xs:string?,t:Type=xs:string?,t:Latitude=xs:double?,t:Longitude=xs:double?,t:Accuracy=xs:double?,t:Altitude=xs:double?,t:AltitudeAccuracy=xs:double?,t:FormattedAddress=xs:string?,t:LocationUri=xs:string?,t:LocationSource=LocationSourceType?)
PersonaResponseShapeType = (t:BaseShape=DefaultShapeNamesType,t:AdditionalProperties=NonEmptyArrayOfPathsToElementType?)
PhoneCallIdType =  @Id=xs:string
PhoneEntityType : EntityType = (t:OriginalPhoneString=xs:string?,t:PhoneString=xs:string?,t:Type=xs:string?)
PhoneNumberDictionaryEntryType ~ xs:string @Key=PhoneNumberKeyType
PhoneNumberDictionaryType = (t:Entry=PhoneNumberDictionaryEntryType+)
PhoneNumberKeyType ~ "AssistantPhone|BusinessFax|BusinessPhone|BusinessPhone2|Callback|CarPhone|CompanyMainPhone|HomeFax|HomePhone|HomePhone2|Isdn|MobilePhone|OtherFax|OtherTelephone|Pager|PrimaryPhone|RadioPhone|Telex|TtyTddPhone|BusinessMobile|IPPhone|Mms|Msn"
PhoneType = (t:OriginalPhoneString=xs:string?,t:PhoneString=xs:string?,t:Type=xs:string?)
PhysicalAddressDictionaryEntryType = (t:Street=xs:string?,t:City=xs:string?,t:State=xs:string?,t:CountryOrRegion=xs:string?,t:PostalCode=xs:string?) @Key=PhysicalAddressKeyType
PhysicalAddressDictionaryType = (t:Entry=PhysicalAddressDictionaryEntryType+)
PhysicalAddressIndexType ~ "None|Home|Business|Other"
PhysicalAddressKeyType ~ "Home|Business|Other"
PlayOnPhoneType : BaseRequestType = (m:ItemId=ItemIdType,m:DialString=xs:string)
PostItemType : ItemType = (t:ConversationIndex=xs:base64Binary?,t:ConversationTopic=xs:string?,t:From=SingleRecipientType?,t:InternetMessageId=xs:string?,t:IsRead=xs:boolean?,t:PostedTime=xs:dateTime?,t:References=xs:string?,t:Sender=SingleRecipientType?)
PostReplyItemBaseType = (t:Subject=xs:string?,t:Body=BodyType?,t:ReferenceItemId=ItemIdType?)
PostReplyItemType : PostReplyItemBaseType = (t:NewBodyContent=BodyType?)
PredictedActionReasonType ~ "None|ConversationStarterIsYou|OnlyRecipient|ConversationContributions|MarkedImportantBySender|SenderIsManager|SenderIsInManagementChain|SenderIsDirectReport|ActionBasedOnSender|NameOnToLine|NameOnCcLine|ManagerPosition|ReplyToAMessageFromMe|PreviouslyFlagged|ActionBasedOnRecipients|ActionBasedOnSubjectWords|ActionBasedOnBasedOnBodyWords"
PresentersType ~ "Disabled|Internal|Everyone"
PreviewItemBaseShapeType ~ "Default|Compact"
PreviewItemResponseShapeType = (t:BaseShape=PreviewItemBaseShapeType,t:AdditionalProperties=NonEmptyArrayOfExtendedFieldURIsType?)
PrimaryMailboxSearchScopeType = (t:FolderScope=SearchFolderScopeType?,t:IsDeepTraversal=xs:boolean?)
PrivateCatalogAddInStoreInfoType =  @AssetId=xs:string @ContentMarket=xs:string
PrivateCatalogAddInsType = (m:StoreInfo=PrivateCatalogAddInStoreInfoType?) @ProductId=xs:string @State=AddInStateType @Version=VersionType
PropertyTagType ~ xs:unsignedShort or xs:string /(0x|0X)[0-9A-Fa-f]{1,4}/
ProposeNewTimeType : ResponseObjectType =
PullSubscriptionRequestType : BaseSubscriptionRequestType = (t:Timeout=SubscriptionTimeoutType)
PushSubscriptionRequestType : BaseSubscriptionRequestType = (t:StatusFrequency=SubscriptionStatusFrequencyType,t:URL=xs:string,t:CallerData=xs:string?)
QueryOptionsType ~ list "None|Suggestions|Results|Refiners|SearchTerms|ExplicitSearch|SuggestionsPrimer|AllowFuzzing"
QueryStringType ~ xs:string @ResetCache=xs:boolean? @ReturnHighlightTerms=xs:boolean? @ReturnDeletedItems=xs:boolean?
RecurrencePatternBaseType =
RecurrenceRangeBaseType = (t:StartDate=xs:date)
RecurrenceType = (((t:RelativeYearlyRecurrence=RelativeYearlyRecurrencePatternType|t:AbsoluteYearlyRecurrence=AbsoluteYearlyRecurrencePatternType|t:RelativeMonthlyRecurrence=RelativeMonthlyRecurrencePatternType|t:AbsoluteMonthlyRecurrence=AbsoluteMonthlyRecurrencePatternType|t:WeeklyRecurrence=WeeklyRecurrencePatternType|t:DailyRecurrence=DailyRecurrencePatternType)),((t:NoEndRecurrence=NoEndRecurrenceRangeType|t:EndDateRecurrence=EndDateRecurrenceRangeType|t:NumberedRecurrence=NumberedRecurrenceRangeType)))
RecurringDateTransitionType : RecurringTimeTransitionType = (t:Day=xs:int)
RecurringDayTransitionType : RecurringTimeTransitionType = (t:DayOfWeek=DayOfWeekType,t:Occurrence=xs:int)
RecurringMasterItemIdRangesType : ItemIdType = (t:Ranges=ArrayOfOccurrenceRangesType?)
RecurringMasterItemIdType : BaseItemIdType =  @OccurrenceId=DerivedItemIdType @ChangeKey=xs:string?
RecurringTimeTransitionType : TransitionType = (t:TimeOffset=xs:duration,t:Month=xs:int)
ReferenceAttachmentType : AttachmentType = (t:AttachLongPathName=xs:string?,t:ProviderType=xs:string?,t:ProviderEndpointUrl=xs:string?,t:AttachmentThumbnailUrl=xs:string?,t:AttachmentPreviewUrl=xs:string?,t:PermissionType=xs:int?,t:OriginalPermissionType=xs:int?,t:AttachmentIsFolder=xs:boolean?)
ReferenceItemResponseType = (t:ReferenceItemId=ItemIdType?)
RefreshSharingFolderType : BaseRequestType = (m:SharingFolderId=FolderIdType)
RegeneratingPatternBaseType : IntervalRecurrencePatternBaseType =
RegisterConsentType : BaseRequestType = (m:Id=xs:string,m:ConsentState=ConsentStateType)
RelativeMonthlyRecurrencePatternType : IntervalRecurrencePatternBaseType = (t:DaysOfWeek=DayOfWeekType,t:DayOfWeekIndex=DayOfWeekIndexType)
RelativeYearlyRecurrencePatternType : RecurrencePatternBaseType = (t:DaysOfWeek=DayOfWeekType,t:DayOfWeekIndex=DayOfWeekIndexType,t:Month=MonthNamesType)
ReminderActionType ~ "Dismiss|Snooze"
ReminderItemActionType = (t:ActionType=ReminderActionType,t:ItemId=ItemIdType,t:NewReminderTime=xs:string?)
ReminderMessageDataType = (t:ReminderText=xs:string?,t:Location=xs:string?,t:StartTime=xs:dateTime?,t:EndTime=xs:dateTime?,t:AssociatedCalendarItemId=ItemIdType?)
ReminderMinutesBeforeStartType ~ xs:int >=0 <=2629800 or xs:int >=1525252321 <=1525252321
RemoveContactFromImListType : BaseRequestType = (m:ContactId=ItemIdType)
RemoveDelegateType : BaseDelegateType = (m:UserIds=ArrayOfUserIdType)
RemoveDistributionGroupFromImListType : BaseRequestType = (m:GroupId=ItemIdType)
RemoveImContactFromGroupType : BaseRequestType = (m:ContactId=ItemIdType,m:GroupId=ItemIdType)
RemoveImGroupType : BaseRequestType = (m:GroupId=ItemIdType)
RemoveItemType : ResponseObjectType =
ReplyAllToItemType : SmartResponseType = (t:IsSpecificMessageReply=xs:boolean?)
ReplyBody = (t:Message=xs:string?)
ReplyToItemType : SmartResponseType =
ReportMessageActionType ~ "Junk|NotJunk|Phish|Unsubscribe"
ReportMessageType : BaseRequestType = (m:ItemIds=NonEmptyArrayOfBaseItemIdsType) @ReportAction=ReportMessageActionType
RequestAttachmentIdType : BaseItemIdType =  @Id=xs:string
ResolveNamesSearchScopeType ~ "ActiveDirectory|ActiveDirectoryContacts|Contacts|ContactsActiveDirectory"
ResolveNamesType : BaseRequestType = (m:ParentFolderIds=NonEmptyArrayOfBaseFolderIdsType?,m:UnresolvedEntry=NonEmptyStringType) @ReturnFullContactData=xs:boolean @SearchScope=ResolveNamesSearchScopeType? @ContactDataShape=DefaultShapeNamesType?
ResponseObjectCoreType : MessageType = (t:ReferenceItemId=ItemIdType?)
ResponseObjectType : ResponseObjectCoreType =  @ObjectName=xs:string?
ResponseTypeType ~ "Unknown|Organizer|Tentative|Accept|Decline|NoResponseReceived"
RestrictionType = ((t:Exists=ExistsType|t:Excludes=ExcludesType|t:IsEqualTo=IsEqualToType|t:IsNotEqualTo=IsNotEqualToType|t:IsGreaterThan=IsGreaterThanType|t:IsGreaterThanOrEqualTo=IsGreaterThanOrEqualToType|t:IsLessThan=IsLessThanType|t:IsLessThanOrEqualTo=IsLessThanOrEqualToType|t:Contains=ContainsExpressionType|t:Not=NotType|t:And=AndType|t:Or=OrType|t:Near=NearType))
RetentionTagType ~ GuidType @IsExplicit=xs:boolean
RetentionType ~ "Delete|Archive"
RightsManagementLicenseDataType = (t:RightsManagedMessageDecryptionStatus=xs:int?,t:RmsTemplateId=xs:string?,t:TemplateName=xs:string?,t:TemplateDescription=xs:string?,t:EditAllowed=xs:boolean?,t:ReplyAllowed=xs:boolean?,t:ReplyAllAllowed=xs:boolean?,t:ForwardAllowed=xs:boolean?,t:ModifyRecipientsAllowed=xs:boolean?,t:ExtractAllowed=xs:boolean?,t:PrintAllowed=xs:boolean?,t:ExportAllowed=xs:boolean?,t:ProgrammaticAccessAllowed=xs:boolean?,t:IsOwner=xs:boolean?,t:ContentOwner=xs:string?,t:ContentExpiryDate=xs:string?)
RoleMemberItemType : ItemType = (t:DisplayName=xs:string?,t:Type=RoleMemberTypeType?,t:MemberId=xs:string?)
RoleMemberTypeType ~ "None|Passport|Everyone|Email|Phone|SkypeId|ExternalId|Group|Guid|Role|Service|Circle|Domain|Partner"
RuleActionsType = (t:AssignCategories=ArrayOfStringsType?,t:CopyToFolder=TargetFolderIdType?,t:Delete=xs:boolean?,t:ForwardAsAttachmentToRecipients=ArrayOfEmailAddressesType?,t:ForwardToRecipients=ArrayOfEmailAddressesType?,t:MarkImportance=ImportanceChoicesType?,t:MarkAsRead=xs:boolean?,t:MoveToFolder=TargetFolderIdType?,t:PermanentDelete=xs:boolean?,t:RedirectToRecipients=ArrayOfEmailAddressesType?,t:SendSMSAlertToRecipients=ArrayOfEmailAddressesType?,t:ServerReplyWithMessage=ItemIdType?,t:StopProcessingRules=xs:boolean?)
RuleOperationType =
RulePredicateDateRangeType = (t:StartDateTime=xs:dateTime?,t:EndDateTime=xs:dateTime?)
RulePredicateSizeRangeType = (t:MinimumSize=xs:int?,t:MaximumSize=xs:int?)
RulePredicatesType = (t:Categories=ArrayOfStringsType?,t:ContainsBodyStrings=ArrayOfStringsType?,t:ContainsHeaderStrings=ArrayOfStringsType?,t:ContainsRecipientStrings=ArrayOfStringsType?,t:ContainsSenderStrings=ArrayOfStringsType?,t:ContainsSubjectOrBodyStrings=ArrayOfStringsType?,t:ContainsSubjectStrings=ArrayOfStringsType?,t:FlaggedForAction=FlaggedForActionType?,t:FromAddresses=ArrayOfEmailAddressesType?,t:FromConnectedAccounts=ArrayOfStringsType?,t:HasAttachments=xs:boolean?,t:Importance=ImportanceChoicesType?,t:IsApprovalRequest=xs:boolean?,t:IsAutomaticForward=xs:boolean?,t:IsAutomaticReply=xs:boolean?,t:IsEncrypted=xs:boolean?,t:IsMeetingRequest=xs:boolean?,t:IsMeetingResponse=xs:boolean?,t:IsNDR=xs:boolean?,t:IsPermissionControlled=xs:boolean?,t:IsReadReceipt=xs:boolean?,t:IsSigned=xs:boolean?,t:IsVoicemail=xs:boolean?,t:ItemClasses=ArrayOfStringsType?,t:MessageClassifications=ArrayOfStringsType?,t:NotSentToMe=xs:boolean?,t:SentCcMe=xs:boolean?,t:SentOnlyToMe=xs:boolean?,t:SentToAddresses=ArrayOfEmailAddressesType?,t:SentToMe=xs:boolean?,t:SentToOrCcMe=xs:boolean?,t:Sensitivity=SensitivityChoicesType?,t:WithinDateRange=RulePredicateDateRangeType?,t:WithinSizeRange=RulePredicateSizeRangeType?)
RuleType = (t:RuleId=xs:string?,t:DisplayName=xs:string,t:Priority=xs:int,t:IsEnabled=xs:boolean,t:IsNotSupported=xs:boolean?,t:IsInError=xs:boolean?,t:Conditions=RulePredicatesType?,t:Exceptions=RulePredicatesType?,t:Actions=RuleActionsType?)
SearchApplicationIdType ~ "Outlook|Owa|Paw|Teamspace|OneDrive|Other"
SearchExpressionType =
SearchFolderScopeType = (t:FolderId=FolderIdType|t:WellKnownFolder=DistinguishedFolderIdType)
SearchFolderTraversalType ~ "Shallow|Deep"
SearchFolderType : FolderType = (t:SearchParameters=SearchParametersType?)
SearchItemKindType ~ "Email|Meetings|Tasks|Notes|Docs|Journals|Contacts|Im|Voicemail|Faxes|Posts|Rssfeeds"
SearchMailboxesType : BaseRequestType = (m:SearchQueries=NonEmptyArrayOfMailboxQueriesType,m:ResultType=SearchResultType,m:PreviewItemResponseShape=PreviewItemResponseShapeType?,m:SortBy=FieldOrderType?,m:Language=xs:string?,m:Deduplication=xs:boolean?,m:PageSize=xs:int?,m:PageItemReference=xs:string?,m:PageDirection=SearchPageDirectionType?)
SearchPageDirectionType ~ "Previous|Next"
SearchParametersType = (t:Restriction=RestrictionType,t:BaseFolderIds=NonEmptyArrayOfBaseFolderIdsType) @Traversal=SearchFolderTraversalType?
SearchResultType ~ "StatisticsOnly|PreviewOnly"
SearchResultsPropertySetNameType ~ "Default|Owa16|Outlook16"
SearchScopeArchivesType ~ list "MainArchive|AuxArchive|All"
SearchScopeGroupsType ~ list "MyGroups"
SeekToConditionPageViewType : BasePagingType = (t:Condition=RestrictionType) @BasePoint=IndexBasePointType
SendItemType : BaseRequestType = (m:ItemIds=NonEmptyArrayOfBaseItemIdsType,m:SavedItemFolderId=TargetFolderIdType?) @SaveItemToFolder=xs:boolean
SendPromptType ~ "None|Send|VotingOption"
SenderAddInEntityType = (t:ExtensionId=xs:string?)
SensitivityChoicesType ~ "Normal|Personal|Private|Confidential"
SerializableTimeZone = (t:Bias=xs:int,t:StandardTime=SerializableTimeZoneTime,t:DaylightTime=SerializableTimeZoneTime)
SerializableTimeZoneTime = (t:Bias=xs:int,t:Time=xs:string,t:DayOrder=xs:short,t:Month=xs:short,t:DayOfWeek=DayOfWeekType,t:Year=xs:string?)
ServiceConfigurationType ~ list "MailTips|UnifiedMessagingConfiguration|ProtectionRules|PolicyNudges|SharePointURLs|OfficeIntegrationConfiguration"
SetFolderFieldType : FolderChangeDescriptionType = (t:Folder=FolderType|t:CalendarFolder=CalendarFolderType|t:ContactsFolder=ContactsFolderType|t:SearchFolder=SearchFolderType|t:TasksFolder=TasksFolderType)
SetHoldOnMailboxesType : BaseRequestType = (m:ActionType=HoldActionType,m:HoldId=xs:string,m:Query=xs:string,m:Mailboxes=ArrayOfStringsType?,m:Language=xs:string?,m:IncludeNonIndexableItems=xs:boolean?,m:Deduplication=xs:boolean?,m:InPlaceHoldIdentity=xs:string?,m:ItemHoldPeriod=xs:string?)
SetImGroupType : BaseRequestType = (m:GroupId=ItemIdType,m:NewDisplayName=NonEmptyStringType)
SetImListMigrationCompletedType : BaseRequestType = (m:ImListMigrationCompleted=xs:boolean)
SetItemFieldType : ItemChangeDescriptionType = (t:Item=ItemType|t:Message=MessageType|t:SharingMessage=SharingMessageType|t:CalendarItem=CalendarItemType|t:Contact=ContactItemType|t:DistributionList=DistributionListType|t:MeetingMessage=MeetingMessageType|t:MeetingRequest=MeetingRequestMessageType|t:MeetingResponse=MeetingResponseMessageType|t:MeetingCancellation=MeetingCancellationMessageType|t:Task=TaskType|t:PostItem=PostItemType|t:RoleMember=RoleMemberItemType|t:Network=NetworkItemType|t:Person=AbchPersonItemType)
SetOMEConfigurationType : BaseRequestType = (m:Xml=xs:string?)
SetRuleOperationType : RuleOperationType = (t:Rule=RuleType)
SetTeamMailboxRequestType : BaseRequestType = (m:EmailAddress=EmailAddressType,m:SharePointSiteUrl=xs:string,m:State=TeamMailboxLifecycleStateType)
SetUserOofSettingsRequest : BaseRequestType = (t:Mailbox=EmailAddress,t:UserOofSettings=UserOofSettings)
SetUserPhotoType : BaseRequestType = (m:Email=NonEmptyStringType,m:Content=xs:string,m:TypeRequested=UserPhotoTypeType?)
SharingAction ~ "AcceptAndViewCalendar|ViewCalendar|AddThisCalendar|Accept"
SharingActionImportance ~ "Primary|Secondary"
SharingActionType ~ "Accept"
SharingDataType ~ "Calendar|Contacts"
SharingMessageActionType = (t:Importance=SharingActionImportance?,t:ActionType=SharingActionType?,t:Action=SharingAction?)
SharingMessageType : MessageType = (t:SharingMessageAction=SharingMessageActionType?,t:SharingMessageActions=ArrayOfSharingMessageActionType?)
SingleLargeArchiveSearchScopeType = (t:MailboxGuid=GuidType?,t:FolderScope=SearchFolderScopeType,t:IsDeepTraversal=xs:boolean)
SingleRecipientType = (t:Mailbox=EmailAddressType)
SmartResponseBaseType = (t:Subject=xs:string?,t:Body=BodyType?,t:ToRecipients=ArrayOfRecipientsType?,t:CcRecipients=ArrayOfRecipientsType?,t:BccRecipients=ArrayOfRecipientsType?,t:IsReadReceiptRequested=xs:boolean?,t:IsDeliveryReceiptRequested=xs:boolean?,t:From=SingleRecipientType?,t:ReferenceItemId=ItemIdType?)
SmartResponseType : SmartResponseBaseType = (t:NewBodyContent=BodyType?)
SmtpAddressType ~ NonEmptyStringType
SortDirectionType ~ "Ascending|Descending"
StandardGroupByType ~ "ConversationTopic"
StartSearchSession : BaseRequestType = (m:SearchSessionId=GuidType,m:WarmupOptions=WarmupOptionsType,m:SuggestionTypes=SuggestionKindType,m:SearchScope=ArrayOfSearchScopeType,m:IdFormat=IdFormatType?,m:ApplicationId=xs:string?,m:Scenario=xs:string?)
StreamingSubscriptionConnectionTimeoutType ~ xs:int >=1 <=30
StreamingSubscriptionRequestType = (t:FolderIds=NonEmptyArrayOfBaseFolderIdsType?,t:EventTypes=NonEmptyArrayOfNotificationEventTypesType) @SubscribeToAllFolders=xs:boolean?
SubscribeType : BaseRequestType = (m:PullSubscriptionRequest=PullSubscriptionRequestType|m:PushSubscriptionRequest=PushSubscriptionRequestType|m:StreamingSubscriptionRequest=StreamingSubscriptionRequestType)
SubscriptionIdType ~ NonEmptyStringType
SubscriptionStatusFrequencyType ~ xs:int >=1 <=1440
SubscriptionTimeoutType ~ xs:int >=1 <=1440
SuggestionKindType ~ list "None|Keywords|People|Hashtags|QueryHistory|All"
SuggestionQuality ~ "Excellent|Good|Fair|Poor"
SuggestionsViewOptionsType = (t:GoodThreshold=xs:int?,t:MaximumResultsByDay=xs:int?,t:MaximumNonWorkHourResultsByDay=xs:int?,t:MeetingDurationInMinutes=xs:int?,t:MinimumSuggestionQuality=SuggestionQuality?,t:DetailedSuggestionsWindow=Duration,t:CurrentMeetingTime=xs:dateTime?,t:GlobalObjectId=xs:string?)
SuppressReadReceiptType : ReferenceItemResponseType =
SyncFolderHierarchyType : BaseRequestType = (m:FolderShape=FolderResponseShapeType,m:SyncFolderId=TargetFolderIdType?,m:SyncState=xs:string?)
SyncFolderItemsScopeType ~ "NormalItems|NormalAndAssociatedItems"
SyncFolderItemsType : BaseRequestType = (m:ItemShape=ItemResponseShapeType,m:SyncFolderId=TargetFolderIdType,m:SyncState=xs:string?,m:Ignore=ArrayOfBaseItemIdsType?,m:MaxChangesReturned=MaxSyncChangesReturnedType,m:SyncScope=SyncFolderItemsScopeType?)
TargetFolderIdType = (t:FolderId=FolderIdType|t:DistinguishedFolderId=DistinguishedFolderIdType|t:AddressListId=AddressListIdType)
TaskDelegateStateType ~ "NoMatch|OwnNew|Owned|Accepted|Declined|Max"
TaskRecurrenceType = (((t:RelativeYearlyRecurrence=RelativeYearlyRecurrencePatternType|t:AbsoluteYearlyRecurrence=AbsoluteYearlyRecurrencePatternType|t:RelativeMonthlyRecurrence=RelativeMonthlyRecurrencePatternType|t:AbsoluteMonthlyRecurrence=AbsoluteMonthlyRecurrencePatternType|t:WeeklyRecurrence=WeeklyRecurrencePatternType|t:DailyRecurrence=DailyRecurrencePatternType|t:DailyRegeneration=DailyRegeneratingPatternType|t:WeeklyRegeneration=WeeklyRegeneratingPatternType|t:MonthlyRegeneration=MonthlyRegeneratingPatternType|t:YearlyRegeneration=YearlyRegeneratingPatternType)),((t:NoEndRecurrence=NoEndRecurrenceRangeType|t:EndDateRecurrence=EndDateRecurrenceRangeType|t:NumberedRecurrence=NumberedRecurrenceRangeType)))
TaskStatusType ~ "NotStarted|InProgress|Completed|WaitingOnOthers|Deferred"
TaskSuggestionType : EntityType = (t:TaskString=xs:string?,t:Assignees=ArrayOfEmailUsersType?)
TaskType : ItemType = (t:ActualWork=xs:int?,t:AssignedTime=xs:dateTime?,t:BillingInformation=xs:string?,t:ChangeCount=xs:int?,t:Companies=ArrayOfStringsType?,t:CompleteDate=xs:dateTime?,t:Contacts=ArrayOfStringsType?,t:DelegationState=TaskDelegateStateType?,t:Delegator=xs:string?,t:DueDate=xs:dateTime?,t:IsAssignmentEditable=xs:int?,t:IsComplete=xs:boolean?,t:IsRecurring=xs:boolean?,t:IsTeamTask=xs:boolean?,t:Mileage=xs:string?,t:Owner=xs:string?,t:PercentComplete=xs:double?,t:Recurrence=TaskRecurrenceType?,t:StartDate=xs:dateTime?,t:Status=TaskStatusType?,t:StatusDescription=xs:string?,t:TotalWork=xs:int?)
TasksFolderType : FolderType =
TeamMailboxLifecycleStateType ~ "Active|Closed|Unlinked|PendingDelete"
TentativelyAcceptItemType : MeetingRegistrationResponseObjectType =
TimeChangeType = (t:Offset=xs:duration,((t:RelativeYearlyRecurrence=RelativeYearlyRecurrencePatternType|t:AbsoluteDate=xs:date)),t:Time=xs:time) @TimeZoneName=xs:string?
TimeSlot = (t:StartTime=xs:dateTime,t:DurationInMinutes=xs:double)
TimeZoneDefinitionType = (t:Periods=NonEmptyArrayOfPeriodsType,t:TransitionsGroups=ArrayOfTransitionsGroupsType?,t:Transitions=ArrayOfTransitionsType?)? @Id=xs:string? @Name=xs:string?
TimeZoneType = (t:BaseOffset=xs:duration,(t:Standard=TimeChangeType,t:Daylight=TimeChangeType)?)? @TimeZoneName=xs:string?
TrackingPropertyType = (t:Name=xs:string,t:Value=xs:string?)
TransitionTargetKindType ~ "Period|Group"
TransitionTargetType ~ xs:string @Kind=TransitionTargetKindType
TransitionType = (t:To=TransitionTargetType)
TwoOperandExpressionType : SearchExpressionType = ((t:FieldURI=PathToUnindexedFieldType|t:IndexedFieldURI=PathToIndexedFieldType|t:ExtendedFieldURI=PathToExtendedFieldType),t:FieldURIOrConstant=FieldURIOrConstantType)
UnindexedFieldURIType ~ "folder:FolderId|folder:ParentFolderId|folder:DisplayName|folder:UnreadCount|folder:TotalCount|folder:ChildFolderCount|folder:FolderClass|folder:SearchParameters|folder:ManagedFolderInformation|folder:PermissionSet|folder:EffectiveRights|folder:SharingEffectiveRights|folder:DistinguishedFolderId|folder:PolicyTag|folder:ArchiveTag|folder:ReplicaList|item:ItemId|item:ParentFolderId|item:ItemClass|item:MimeContent|item:Attachments|item:Subject|item:DateTimeReceived|item:Size|item:Categories|item:HasAttachments|item:Importance|item:InReplyTo|item:InternetMessageHeaders|item:IsAssociated|item:IsDraft|item:IsFromMe|item:IsResend|item:IsSubmitted|item:IsUnmodified|item:DateTimeSent|item:DateTimeCreated|item:Body|item:ResponseObjects|item:Sensitivity|item:ReminderDueBy|item:ReminderIsSet|item:ReminderNextTime|item:ReminderMinutesBeforeStart|item:DisplayTo|item:DisplayCc|item:DisplayBcc|item:Culture|item:EffectiveRights|item:LastModifiedName|item:LastModifiedTime|item:ConversationId|item:UniqueBody|item:Flag|item:StoreEntryId|item:InstanceKey|item:NormalizedBody|item:EntityExtractionResult|item:PolicyTag|item:ArchiveTag|item:RetentionDate|item:Preview|item:PredictedActionReasons|item:IsClutter|item:RightsManagementLicenseData|item:BlockStatus|item:HasBlockedImages|item:WebClientReadFormQueryString|item:WebClientEditFormQueryString|item:TextBody|item:IconIndex|item:MimeContentUTF8|item:Mentions|item:MentionedMe|item:MentionsPreview|item:MentionsEx|item:Hashtags|item:AppliedHashtags|item:AppliedHashtagsPreview|item:Likes|item:LikesPreview|item:PendingSocialActivityTagIds|item:AtAllMention|item:CanDelete|item:InferenceClassification|item:FirstBody|message:ConversationIndex|message:ConversationTopic|message:InternetMessageId|message:IsRead|message:IsResponseRequested|message:IsReadReceiptRequested|message:IsDeliveryReceiptRequested|message:ReceivedBy|message:ReceivedRepresenting|message:References|message:ReplyTo|message:From|message:Sender|message:ToRecipients|message:CcRecipients|message:BccRecipients|message:ApprovalRequestData|message:VotingInformation|message:ReminderMessageData|message:PublishedCalendarItemIcs|message:PublishedCalendarItemName|message:MessageSafety|sharingMessage:SharingMessageAction|meeting:AssociatedCalendarItemId|meeting:IsDelegated|meeting:IsOutOfDate|meeting:HasBeenProcessed|meeting:ResponseType|meeting:ProposedStart|meeting:ProposedEnd|meeting:DoNotForwardMeeting|meetingRequest:MeetingRequestType|meetingRequest:IntendedFreeBusyStatus|meetingRequest:ChangeHighlights|calendar:Start|calendar:End|calendar:OriginalStart|calendar:StartWallClock|calendar:EndWallClock|calendar:StartTimeZoneId|calendar:EndTimeZoneId|calendar:IsAllDayEvent|calendar:LegacyFreeBusyStatus|calendar:Location|calendar:EnhancedLocation|calendar:When|calendar:IsMeeting|calendar:IsCancelled|calendar:IsRecurring|calendar:MeetingRequestWasSent|calendar:IsResponseRequested|calendar:CalendarItemType|calendar:MyResponseType|calendar:Organizer|calendar:RequiredAttendees|calendar:OptionalAttendees|calendar:Resources|calendar:ConflictingMeetingCount|calendar:AdjacentMeetingCount|calendar:ConflictingMeetings|calendar:AdjacentMeetings|calendar:InboxReminders|calendar:Duration|calendar:TimeZone|calendar:AppointmentReplyTime|calendar:AppointmentSequenceNumber|calendar:AppointmentState|calendar:Recurrence|calendar:FirstOccurrence|calendar:LastOccurrence|calendar:ModifiedOccurrences|calendar:DeletedOccurrences|calendar:MeetingTimeZone|calendar:ConferenceType|calendar:AllowNewTimeProposal|calendar:IsOnlineMeeting|calendar:MeetingWorkspaceUrl|calendar:NetShowUrl|calendar:UID|calendar:RecurrenceId|calendar:DateTimeStamp|calendar:StartTimeZone|calendar:EndTimeZone|calendar:JoinOnlineMeetingUrl|calendar:OnlineMeetingSettings|calendar:IsOrganizer|calendar:CalendarActivityData|calendar:DoNotForwardMeeting|task:ActualWork|task:AssignedTime|task:BillingInformation|task:ChangeCount|task:Companies|task:CompleteDate|task:Contacts|task:DelegationState|task:Delegator|task:DueDate|task:IsAssignmentEditable|task:IsComplete|task:IsRecurring|task:IsTeamTask|task:Mileage|task:Owner|task:PercentComplete|task:Recurrence|task:StartDate|task:Status|task:StatusDescription|task:TotalWork|contacts:Alias|contacts:AssistantName|contacts:Birthday|contacts:BusinessHomePage|contacts:Children|contacts:Companies|contacts:CompanyName|contacts:CompleteName|contacts:ContactSource|contacts:Culture|contacts:Department|contacts:DisplayName|contacts:DirectoryId|contacts:DirectReports|contacts:EmailAddresses|contacts:AbchEmailAddresses|contacts:FileAs|contacts:FileAsMapping|contacts:Generation|contacts:GivenName|contacts:ImAddresses|contacts:Initials|contacts:JobTitle|contacts:Manager|contacts:ManagerMailbox|contacts:MiddleName|contacts:Mileage|contacts:MSExchangeCertificate|contacts:Nickname|contacts:Notes|contacts:OfficeLocation|contacts:PhoneNumbers|contacts:PhoneticFullName|contacts:PhoneticFirstName|contacts:PhoneticLastName|contacts:Photo|contacts:PhysicalAddresses|contacts:PostalAddressIndex|contacts:Profession|contacts:SpouseName|contacts:Surname|contacts:WeddingAnniversary|contacts:UserSMIMECertificate|contacts:HasPicture|contacts:AccountName|contacts:IsAutoUpdateDisabled|contacts:IsMessengerEnabled|contacts:Comment|contacts:ContactShortId|contacts:ContactType|contacts:CreatedBy|contacts:Gender|contacts:IsHidden|contacts:ObjectId|contacts:PassportId|contacts:IsPrivate|contacts:SourceId|contacts:TrustLevel|contacts:Urls|contacts:Cid|contacts:SkypeAuthCertificate|contacts:SkypeContext|contacts:SkypeId|contacts:XboxLiveTag|contacts:SkypeRelationship|contacts:YomiNickname|contacts:InviteFree|contacts:HidePresenceAndProfile|contacts:IsPendingOutbound|contacts:SupportGroupFeeds|contacts:UserTileHash|contacts:UnifiedInbox|contacts:Mris|contacts:Wlid|contacts:AbchContactId|contacts:NotInBirthdayCalendar|contacts:ShellContactType|contacts:ImMri|contacts:PresenceTrustLevel|contacts:OtherMri|contacts:ProfileLastChanged|contacts:MobileIMEnabled|distributionlist:Members|contacts:PartnerNetworkProfilePhotoUrl|contacts:PartnerNetworkThumbnailPhotoUrl|contacts:PersonId|contacts:ConversationGuid|postitem:PostedTime|conversation:ConversationId|conversation:ConversationTopic|conversation:UniqueRecipients|conversation:GlobalUniqueRecipients|conversation:UniqueUnreadSenders|conversation:GlobalUniqueUnreadSenders|conversation:UniqueSenders|conversation:GlobalUniqueSenders|conversation:LastDeliveryTime|conversation:GlobalLastDeliveryTime|conversation:Categories|conversation:GlobalCategories|conversation:FlagStatus|conversation:GlobalFlagStatus|conversation:HasAttachments|conversation:GlobalHasAttachments|conversation:HasIrm|conversation:GlobalHasIrm|conversation:MessageCount|conversation:GlobalMessageCount|conversation:UnreadCount|conversation:GlobalUnreadCount|conversation:Size|conversation:GlobalSize|conversation:ItemClasses|conversation:GlobalItemClasses|conversation:Importance|conversation:GlobalImportance|conversation:ItemIds|conversation:GlobalItemIds|conversation:LastModifiedTime|conversation:InstanceKey|conversation:Preview|conversation:IconIndex|conversation:GlobalIconIndex|conversation:DraftItemIds|conversation:HasClutter|conversation:MentionedMe|conversation:GlobalMentionedMe|conversation:AtAllMention|conversation:GlobalAtAllMention|person:FullName|person:GivenName|person:Surname|person:PhoneNumber|person:SMSNumber|person:EmailAddress|person:Alias|person:Department|person:LinkedInProfileLink|person:Skills|person:ProfessionalBiography|person:ManagementChain|person:DirectReports|person:Peers|person:TeamSize|person:CurrentJob|person:Birthday|person:Hometown|person:CurrentLocation|person:CompanyProfile|person:Office|person:Headline|person:MutualConnections|person:Title|person:MutualManager|person:Insights|person:UserProfilePicture|persona:PersonaId|persona:PersonaType|persona:GivenName|persona:CompanyName|persona:Surname|persona:DisplayName|persona:EmailAddress|persona:FileAs|persona:HomeCity|persona:CreationTime|persona:RelevanceScore|persona:RankingWeight|persona:WorkCity|persona:PersonaObjectStatus|persona:FileAsId|persona:DisplayNamePrefix|persona:YomiCompanyName|persona:YomiFirstName|persona:YomiLastName|persona:Title|persona:EmailAddresses|persona:PhoneNumber|persona:ImAddress|persona:ImAddresses|persona:ImAddresses2|persona:ImAddresses3|persona:FolderIds|persona:Attributions|persona:DisplayNames|persona:Initials|persona:FileAses|persona:FileAsIds|persona:DisplayNamePrefixes|persona:GivenNames|persona:MiddleNames|persona:Surnames|persona:Generations|persona:Nicknames|persona:YomiCompanyNames|persona:YomiFirstNames|persona:YomiLastNames|persona:BusinessPhoneNumbers|persona:BusinessPhoneNumbers2|persona:HomePhones|persona:HomePhones2|persona:MobilePhones|persona:MobilePhones2|persona:AssistantPhoneNumbers|persona:CallbackPhones|persona:CarPhones|persona:HomeFaxes|persona:OrganizationMainPhones|persona:OtherFaxes|persona:OtherTelephones|persona:OtherPhones2|persona:Pagers|persona:RadioPhones|persona:TelexNumbers|persona:WorkFaxes|persona:Emails1|persona:Emails2|persona:Emails3|persona:BusinessHomePages|persona:School|persona:PersonalHomePages|persona:OfficeLocations|persona:BusinessAddresses|persona:HomeAddresses|persona:OtherAddresses|persona:Titles|persona:Departments|persona:CompanyNames|persona:Managers|persona:AssistantNames|persona:Professions|persona:SpouseNames|persona:Hobbies|persona:WeddingAnniversaries|persona:Birthdays|persona:Children|persona:Locations|persona:ExtendedProperties|persona:PostalAddress|persona:Bodies|persona:IsFavorite|persona:InlineLinks|persona:ItemLinkIds|persona:HasActiveDeals|persona:IsBusinessContact|persona:AttributedHasActiveDeals|persona:AttributedIsBusinessContact|persona:SourceMailboxGuids|persona:LastContactedDate|persona:ExternalDirectoryObjectId|persona:MapiEntryId|persona:MapiEmailAddress|persona:MapiAddressType|persona:MapiSearchKey|persona:MapiTransmittableDisplayName|persona:MapiSendRichInfo|rolemember:MemberType|rolemember:MemberId|rolemember:DisplayName|network:TokenRefreshLastCompleted|network:TokenRefreshLastAttempted|network:SyncEnabled|network:RejectedOffers|network:SessionHandle|network:RefreshTokenExpiry2|network:RefreshToken2|network:PsaLastChanged|network:Offers|network:LastWelcomeContact|network:LastVersionSaved|network:DomainTag|network:FirstAuthErrorDates|network:ErrorOffers|network:ContactSyncSuccess|network:ContactSyncError|network:ClientToken2|network:ClientToken|network:ClientPublishSecret|network:UserEmail|network:AutoLinkSuccess|network:AutoLinkError|network:IsDefault|network:Settings|network:ProfileUrl|network:UserTileUrl|network:DomainId|network:DisplayName|network:AccountName|network:SourceEntryID|abchperson:FavoriteOrder|abchperson:PersonId|abchperson:ExchangePersonIdGuid|abchperson:AntiLinkInfo|abchperson:RelevanceOrder1|abchperson:RelevanceOrder2|abchperson:ContactHandles|abchperson:Categories|booking:ServiceIds|booking:StaffIds|booking:StaffInitials|booking:CustomerName|booking:CustomerEmail|booking:CustomerPhone|booking:CustomerId|insight:InsightId|insight:Type|insight:StartTimeUtc|insight:EndTimeUtc|insight:Status|insight:Version|insight:ApplicationsIds|insight:Text|insight:SuggestedActions|insight:AppContexts"
UninstallAppType : BaseRequestType = (m:ID=xs:string)
UnpinTeamMailboxRequestType : BaseRequestType = (m:EmailAddress=EmailAddressType)
UnsubscribeType : BaseRequestType = (m:SubscriptionId=SubscriptionIdType)
UpdateDelegateType : BaseDelegateType = (m:DelegateUsers=ArrayOfDelegateUserType?,m:DeliverMeetingRequests=DeliverMeetingRequestsType?)
UpdateFolderType : BaseRequestType = (m:FolderChanges=NonEmptyArrayOfFolderChangesType)
UpdateInboxRulesRequestType : BaseRequestType = (m:MailboxSmtpAddress=xs:string?,m:RemoveOutlookRuleBlob=xs:boolean?,m:Operations=ArrayOfRuleOperationsType)
UpdateItemInRecoverableItemsType : BaseRequestType = (m:ItemId=ItemIdType,m:Updates=NonEmptyArrayOfItemChangeDescriptionsType?,m:Attachments=NonEmptyArrayOfAttachmentsType?,m:MakeItemImmutable=xs:boolean?)
UpdateItemType : BaseRequestType = (m:SavedItemFolderId=TargetFolderIdType?,m:ItemChanges=NonEmptyArrayOfItemChangesType) @ConflictResolution=ConflictResolutionType @MessageDisposition=MessageDispositionType? @SendMeetingInvitationsOrCancellations=CalendarItemUpdateOperationType? @SuppressReadReceipts=xs:boolean?
UpdateMeetingInstanceRequestType : BaseRequestType = (m:ItemId=ItemIdType,m:MeetingInstance=MeetingInstanceType?,m:ContentActivitiesToAdd=NonEmptyArrayOfContentActivities?,m:ParticipantActivitiesToAdd=NonEmptyArrayOfParticipantActivities?)
UpdateUserConfigurationType : BaseRequestType = (m:UserConfiguration=UserConfigurationType)
UploadItemType = (t:ParentFolderId=FolderIdType,t:ItemId=ItemIdType?,t:Data=xs:base64Binary) @CreateAction=CreateActionType @IsAssociated=xs:boolean?
UploadItemsType : BaseRequestType = (m:Items=NonEmptyArrayOfUploadItemsType)
UrlEntityType : EntityType = (t:Url=xs:string?)
UserConfigurationDictionaryEntryType = (t:DictionaryKey=UserConfigurationDictionaryObjectType,t:DictionaryValue=UserConfigurationDictionaryObjectType)
UserConfigurationDictionaryObjectType = (t:Type=UserConfigurationDictionaryObjectTypesType,t:Value=xs:string+)
UserConfigurationDictionaryObjectTypesType ~ "DateTime|Boolean|Byte|String|Integer32|UnsignedInteger32|Integer64|UnsignedInteger64|StringArray|ByteArray"
UserConfigurationDictionaryType = (t:DictionaryEntry=UserConfigurationDictionaryEntryType*)
UserConfigurationNameType : TargetFolderIdType =  @Name=NonEmptyStringType
UserConfigurationPropertyType ~ list "Id|Dictionary|XmlData|BinaryData|All"
UserConfigurationType = (t:UserConfigurationName=UserConfigurationNameType,t:ItemId=ItemIdType?,t:Dictionary=UserConfigurationDictionaryType?,t:XmlData=xs:base64Binary?,t:BinaryData=xs:base64Binary?)
UserIdType = (t:SID=xs:string?,t:PrimarySmtpAddress=xs:string?,t:DisplayName=xs:string?,t:DistinguishedUser=DistinguishedUserType?,t:ExternalUserIdentity=xs:string?)
UserMailboxType =  @Id=xs:string @IsArchive=xs:boolean
UserOofSettings = (t:OofState=OofState,t:ExternalAudience=ExternalAudience,t:Duration=Duration?,t:InternalReply=ReplyBody?,t:ExternalReply=ReplyBody?,t:DeclineMeetingReply=ReplyBody?,t:DeclineEventsForScheduledOOF=xs:boolean?,t:DeclineAllEventsForScheduledOOF=xs:boolean?,t:CreateOOFEvent=xs:boolean?,t:OOFEventSubject=xs:string?,t:AutoDeclineFutureRequestsWhenOOF=xs:boolean?,t:OOFEventID=xs:string?,t:EventsToDeleteIDs=ArrayOfEventIDType?)
UserPhotoSizeType ~ "HR48x48|HR64x64|HR96x96|HR120x120|HR240x240|HR360x360|HR432x432|HR504x504|HR648x648|HR1024xN|HR1920xN"
UserPhotoTypeType ~ "UserPhoto|ProfileHeaderPhoto"
VersionType ~ xs:string /[0-9]{1,4}\\.[0-9]{1,4}(\\.[0-9]{1,4}(\\.[0-9]{1,4})?)?/
ViewFilterType ~ "All|Flagged|HasAttachment|ToOrCcMe|Unread|TaskActive|TaskOverdue|TaskCompleted|NoClutter|Clutter"
VotingInformationType = (t:UserOptions=ArrayOfVotingOptionDataType?,t:VotingResponse=xs:string?)
VotingOptionDataType = (t:DisplayName=xs:string?,t:SendPrompt=SendPromptType?)
WarmupOptionsType ~ list "None|Suggestions|Results|All"
WatermarkType ~ NonEmptyStringType
WeeklyRecurrencePatternType : IntervalRecurrencePatternBaseType = (t:DaysOfWeek=DaysOfWeekType,t:FirstDayOfWeek=DayOfWeekType?)
WeeklyRegeneratingPatternType : RegeneratingPatternBaseType =
WellKnownResponseObjectType = (t:ItemClass=ItemClassType?,t:Sensitivity=SensitivityChoicesType?,t:Body=BodyType?,t:Attachments=NonEmptyArrayOfAttachmentsType?,t:InternetMessageHeaders=NonEmptyArrayOfInternetHeadersType?,t:Sender=SingleRecipientType?,t:ToRecipients=ArrayOfRecipientsType?,t:CcRecipients=ArrayOfRecipientsType?,t:BccRecipients=ArrayOfRecipientsType?,t:IsReadReceiptRequested=xs:boolean?,t:IsDeliveryReceiptRequested=xs:boolean?,t:From=SingleRecipientType?,t:ReferenceItemId=ItemIdType?)
YearlyRegeneratingPatternType : RegeneratingPatternBaseType =`;
