import { graphql } from '../generated/gql.ts'

// The mutations. What they change is shown when its event comes; what they answer says whether it worked.

export const Register = graphql(`
  mutation Register($input: RegisterInput!) { register(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }
`)
export const Login = graphql(`
  mutation Login($input: LoginInput!) { login(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }
`)
export const Refresh = graphql(`
  mutation Refresh { refreshSession(input: {}) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }
`)
export const Logout = graphql(`mutation Logout { logout { errors { ...Fault } } }`)

export const SendMessage = graphql(`mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { ...Fault } } }`)
export const EditMessage = graphql(`mutation Edit($input: EditMessageInput!) { deed: editMessage(input: $input) { errors { ...Fault } } }`)
export const DeleteMessage = graphql(`mutation Delete($input: DeleteMessageInput!) { deed: deleteMessage(input: $input) { errors { ...Fault } } }`)
export const AddReaction = graphql(`mutation React($input: AddReactionInput!) { deed: addReaction(input: $input) { errors { ...Fault } } }`)
export const RemoveReaction = graphql(`mutation Unreact($input: RemoveReactionInput!) { deed: removeReaction(input: $input) { errors { ...Fault } } }`)
export const PinMessage = graphql(`mutation Pin($input: PinMessageInput!) { deed: pinMessage(input: $input) { errors { ...Fault } } }`)
export const UnpinMessage = graphql(`mutation Unpin($input: UnpinMessageInput!) { deed: unpinMessage(input: $input) { errors { ...Fault } } }`)
export const MarkRead = graphql(`mutation MarkRead($input: MarkReadInput!) { deed: markRead(input: $input) { errors { ...Fault } } }`)
export const MarkDelivered = graphql(`mutation MarkDelivered($input: MarkDeliveredInput!) { deed: markDelivered(input: $input) { errors { ...Fault } } }`)
export const SetTyping = graphql(`mutation SetTyping($input: SetTypingInput!) { deed: setTyping(input: $input) { errors { ...Fault } } }`)

export const CreateDirectChat = graphql(`mutation CreateDirect($input: CreateDirectChatInput!) { deed: createDirectChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }`)
export const CreateGroupChat = graphql(`mutation CreateGroup($input: CreateGroupChatInput!) { deed: createGroupChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }`)
export const UpdateChat = graphql(`mutation UpdateChat($input: UpdateChatInput!) { deed: updateChat(input: $input) { chat { id title description } errors { ...Fault } } }`)
export const UpdateChatSettings = graphql(`
  mutation UpdateChatSettings($input: UpdateChatSettingsInput!) { deed: updateChatSettings(input: $input) { chat { id viewerMember { id pinned archived mutedUntil } } errors { ...Fault } } }
`)
export const DeleteChat = graphql(`mutation DeleteChat($input: DeleteChatInput!) { deed: deleteChat(input: $input) { errors { ...Fault } } }`)
export const LeaveChat = graphql(`mutation LeaveChat($input: LeaveChatInput!) { deed: leaveChat(input: $input) { errors { ...Fault } } }`)
export const AddMembers = graphql(`mutation AddMembers($input: AddMembersInput!) { deed: addMembers(input: $input) { errors { ...Fault } } }`)
export const RemoveMember = graphql(`mutation RemoveMember($input: RemoveMemberInput!) { deed: removeMember(input: $input) { errors { ...Fault } } }`)
export const SetMemberRole = graphql(`mutation SetMemberRole($input: SetMemberRoleInput!) { deed: setMemberRole(input: $input) { errors { ...Fault } } }`)
export const CreateInvite = graphql(`mutation CreateInvite($input: CreateInviteInput!) { deed: createInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }`)
export const RevokeInvite = graphql(`mutation RevokeInvite($input: RevokeInviteInput!) { deed: revokeInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }`)
export const JoinChat = graphql(`mutation JoinChat($input: JoinChatInput!) { deed: joinChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }`)

export const UpdateProfile = graphql(`mutation UpdateProfile($input: UpdateProfileInput!) { deed: updateProfile(input: $input) { user { ...PersonParts email bio } errors { ...Fault } } }`)
export const SetPresence = graphql(`mutation SetPresence($input: SetPresenceInput!) { deed: setPresence(input: $input) { user { id presence { state availability statusText } } errors { ...Fault } } }`)
export const ChangePassword = graphql(`mutation ChangePassword($input: ChangePasswordInput!) { deed: changePassword(input: $input) { errors { ...Fault } } }`)
export const DeleteAccount = graphql(`mutation DeleteAccount($input: DeleteAccountInput!) { deed: deleteAccount(input: $input) { errors { ...Fault } } }`)
export const RevokeSession = graphql(`mutation RevokeSession($input: RevokeSessionInput!) { deed: revokeSession(input: $input) { revokedSessionId errors { ...Fault } } }`)
export const RevokeOtherSessions = graphql(`mutation RevokeOthers { deed: revokeOtherSessions { revokedCount errors { ...Fault } } }`)
export const BlockUser = graphql(`mutation Block($input: BlockUserInput!) { deed: blockUser(input: $input) { user { id } errors { ...Fault } } }`)
export const UnblockUser = graphql(`mutation Unblock($input: UnblockUserInput!) { deed: unblockUser(input: $input) { user { id } errors { ...Fault } } }`)
