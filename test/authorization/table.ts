import { EVERYBODY, INSIDERS, OUTSIDERS, SIGNED_IN, SIGNED_OUT, but } from './actors.ts'
import { mutation, query, subscription } from './rows.ts'

// Who may do what: the law, and nothing else. actors.ts says who they are, rows.ts what the words mean, world.ts what `$group` and the like stand
// for. Without a word of them, those who are not signed in are turned away. A new root field or a new way to a chat, a message or a member needs
// a row here: matrix.test.ts tells which.

/** In a group, whoever does not run it. */
const PLAIN = 'member blocked'
/** Where only one or two persons may look. */
const allBut = (...names: Parameters<typeof but>[1][]) => but(SIGNED_IN, ...names)

/** The server, the account, its sessions. */
export const ACCOUNT = [
  query('serverInfo { version }', { ok: EVERYBODY }),
  query('me { username }', { ok: SIGNED_IN, null: SIGNED_OUT }),
  query('eventCursor', { ok: SIGNED_IN }),
  mutation('register(username: "late", email: "late@example.com", password: $password)', { ok: EVERYBODY }),
  mutation('register(username: "late", email: "late@example.com", password: $password, externalId: "user-17")', { NOT_ALLOWED: EVERYBODY }),
  mutation('login(login: "owner", password: $password)', { ok: EVERYBODY }),
  mutation('login(login: "owner", password: "a mere guess")', { INVALID_CREDENTIALS: EVERYBODY }),
  mutation('refreshSession(refreshToken: $refreshToken)', { ok: EVERYBODY }),
  mutation('refreshSession(refreshToken: $endedRefreshToken)', { INVALID_CREDENTIALS: EVERYBODY }),
  mutation('logout', { ok: SIGNED_IN }),
  mutation('revokeSession(sessionId: $myOtherSession)', { ok: SIGNED_IN }),
  mutation('revokeSession(sessionId: $mySession)', { ok: SIGNED_IN }),
  mutation('revokeSession(sessionId: $sessionOfOwner)', { ok: 'owner', NOT_FOUND: allBut('owner') }),
  mutation('revokeOtherSessions', { ok: SIGNED_IN }),
  query('node(id: $mySession) { ... on Session { current } }', { ok: SIGNED_IN }),
  query('node(id: $sessionOfOwner) { ... on Session { userAgent } }', { ok: 'owner', null: allBut('owner') }),
  query('nodes(ids: [$sessionOfOwner]) { id }', { ok: 'owner', null: allBut('owner') }),
  mutation('changePassword(currentPassword: $password, newPassword: "another horse battery")', { ok: SIGNED_IN }),
  mutation('changePassword(currentPassword: "a mere guess", newPassword: "another horse battery")', { INVALID_CREDENTIALS: SIGNED_IN }),
  mutation('updateProfile(bio: "Grows roses")', { ok: SIGNED_IN }),
  mutation('updateProfile(email: "new@example.com", currentPassword: $password)', { ok: SIGNED_IN }),
  mutation('updateProfile(email: "new@example.com", currentPassword: "a mere guess")', { INVALID_CREDENTIALS: SIGNED_IN }),
  mutation('createUpload(fileName: "roses.png", mimeType: "image/png", byteSize: 3)', { ok: SIGNED_IN }),
  mutation('updateProfile(avatarAttachmentId: $myUpload)', { ok: SIGNED_IN }),
  mutation('updateProfile(avatarAttachmentId: $uploadOfOwner)', { ok: 'owner', NOT_FOUND: allBut('owner') }),
  query('node(id: $uploadOfOwner) { ... on Attachment { url } }', { ok: 'owner', null: allBut('owner') }),
  mutation('setPresence(availability: BUSY)', { ok: SIGNED_IN }),
  mutation('setUserRoles(userId: $newcomer, roles: [AGENT])', { ok: 'serverAdmin', NOT_ALLOWED: allBut('serverAdmin') }),
  mutation('setUserRoles(userId: $me, roles: [ADMIN])', { ok: 'serverAdmin', NOT_ALLOWED: allBut('serverAdmin') }),
  mutation('deleteAccount(password: $password)', { ok: SIGNED_IN }),
  mutation('deleteAccount(password: "a mere guess")', { INVALID_CREDENTIALS: SIGNED_IN }),
]

/** Other people: a profile is for all, what is private is for its owner alone. */
export const PEOPLE = [
  query('node(id: $owner) { ... on User { username } }', { ok: SIGNED_IN }),
  query('user(id: $owner) { username }', { ok: SIGNED_IN }),
  query('userByUsername(username: "owner") { username }', { ok: SIGNED_IN }),
  query('users(search: "owner") { nodes { username } }', { ok: SIGNED_IN }),
  query('users(search: "owner@example.com") { nodes { username } }', { ok: SIGNED_IN }),
  query('user(id: $owner) { avatarUrl }', { ok: SIGNED_IN }),
  query('user(id: $owner) { email }', { ok: 'owner', null: allBut('owner') }),
  query('users(search: "owner") { nodes { email } }', { ok: 'owner', null: allBut('owner') }),
  query('userByUsername(username: "owner") { email }', { ok: 'owner', null: allBut('owner') }),
  query('user(id: $owner) { sessions { id } }', { ok: 'owner', null: allBut('owner') }),
  query('user(id: $owner) { blockedUsers { nodes { id } } }', { ok: 'owner', null: allBut('owner') }),
  query('user(id: $agent) { roles }', { ok: 'agent serverAdmin', null: allBut('agent', 'serverAdmin') }),
  query('users(role: AGENT) { nodes { username } }', { ok: SIGNED_IN }),
  // Whether the owner is there is shown to contacts, and to nobody whom the owner has blocked.
  query('user(id: $owner) { presence { state } }', { ok: 'member admin owner', null: `${OUTSIDERS} blocked` }),
  query('user(id: $owner) { presence { availability } }', { ok: 'owner', null: allBut('owner') }),
  query('users(online: true, search: "owner") { nodes { username } }', { ok: 'member admin owner', empty: `${OUTSIDERS} blocked` }, { online: 'owner' }),
  subscription('presence(userIds: [$owner]) { presence { state } }', { ok: 'member admin owner', empty: `${OUTSIDERS} blocked` }),
  mutation('blockUser(userId: $newcomer)', { ok: SIGNED_IN }),
  mutation('blockUser(userId: $blocked)', { ok: but(SIGNED_IN, 'blocked', 'owner', 'admin'), idle: 'owner admin', INVALID_INPUT: 'blocked' }),
  mutation('unblockUser(userId: $blocked)', { ok: 'owner admin', INVALID_INPUT: 'blocked', idle: allBut('owner', 'admin', 'blocked') }),
]

/** The group as a whole. */
export const GROUPS = [
  query('node(id: $group) { ... on Chat { title } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('nodes(ids: [$group]) { id }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chat(id: $group) { title }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chat(id: $elsewhere) { title }', { ok: 'stranger', null: allBut('stranger') }),
  query('chats { nodes { title } }', { ok: `${INSIDERS} stranger agent`, empty: but(OUTSIDERS, 'stranger', 'agent') }),
  query('chats { nodes { id } }', { ok: INSIDERS, empty: OUTSIDERS }, { finds: 'group' }),
  query('chats(filter: { search: "garden" }) { nodes { id } }', { ok: INSIDERS, empty: OUTSIDERS }),
  query('chatEvents(chatId: $group, afterSeq: 0) { events { ... on MessageAdded { message { text } } } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chat(id: $group) { avatarUrl }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chatByInvite(code: $code) { avatarUrl }', { ok: SIGNED_IN }),
  mutation('updateChat(chatId: $group, avatarAttachmentId: $myUpload)', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('updateChat(chatId: $group, avatarAttachmentId: $uploadOfOwner)', { ok: 'owner', NOT_ALLOWED: PLAIN, NOT_FOUND: `${OUTSIDERS} admin` }),
  query('chat(id: $group) { members { nodes { user { username } } } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chat(id: $group) { viewerMember { archived } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chat(id: $group) { activeMembers { nodes { id } } }', { ok: 'member admin owner', empty: 'blocked', null: OUTSIDERS }, { finds: 'owner', online: 'owner' }),
  query('chat(id: $group) { invite { code } }', { ok: 'admin owner', null: `${PLAIN} ${OUTSIDERS}` }),
  query('node(id: $membership) { ... on ChatMember { role } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('node(id: $membership) { ... on ChatMember { chat { title } } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('node(id: $membershipOfOwner) { ... on ChatMember { archived } }', { ok: 'owner', null: allBut('owner') }),
  query('node(id: $membershipOfOwner) { ... on ChatMember { pinned } }', { ok: 'owner', null: allBut('owner') }),
  query('node(id: $membershipOfOwner) { ... on ChatMember { mutedUntil } }', { ok: 'owner', null: allBut('owner') }),
  mutation('createGroupChat(title: "New", memberIds: [$newcomer])', { ok: SIGNED_IN }),
  mutation('createGroupChat(title: "New", memberIds: [$admin])', { ok: but(SIGNED_IN, 'blocked'), NOT_FOUND: 'blocked' }),
  mutation('updateChat(chatId: $group, title: "New")', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('updateChatSettings(chatId: $group, archived: true)', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('deleteChat(chatId: $group)', { ok: 'owner', NOT_ALLOWED: `${PLAIN} admin`, NOT_FOUND: OUTSIDERS }),
  mutation('leaveChat(chatId: $group)', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  // Members come in, go out and change.
  mutation('addMembers(chatId: $group, userIds: [$newcomer])', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('addMembers(chatId: $group, userIds: [$kicked])', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('addMembers(chatId: $groupOfBlocked, userIds: [$newcomer])', { ok: 'blocked', NOT_FOUND: allBut('blocked') }),
  // To those whom the admin has blocked, the admin is nobody.
  mutation('addMembers(chatId: $groupOfBlocked, userIds: [$admin])', { NOT_FOUND: SIGNED_IN }),
  mutation('addMembers(chatId: $group, userIds: [$me])', { idle: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('removeMember(chatId: $group, userId: $fellow)', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('removeMember(chatId: $group, userId: $admin)', { ok: 'owner', NOT_ALLOWED: `${PLAIN} admin`, NOT_FOUND: OUTSIDERS }),
  mutation('removeMember(chatId: $group, userId: $owner)', { NOT_ALLOWED: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('removeMember(chatId: $group, userId: $left)', { NOT_FOUND: `${OUTSIDERS} admin owner`, NOT_ALLOWED: PLAIN }),
  mutation('setMemberRole(chatId: $group, userId: $fellow, role: ADMIN)', { ok: 'owner', NOT_ALLOWED: `${PLAIN} admin`, NOT_FOUND: OUTSIDERS }),
  mutation('setMemberRole(chatId: $group, userId: $fellow, role: OWNER)', { ok: 'owner', NOT_ALLOWED: `${PLAIN} admin`, NOT_FOUND: OUTSIDERS }),
  mutation('setMemberRole(chatId: $group, userId: $me, role: OWNER)', { idle: 'owner', NOT_ALLOWED: `${PLAIN} admin`, NOT_FOUND: OUTSIDERS }),
  mutation('setMemberRole(chatId: $group, userId: $admin, role: MEMBER)', { ok: 'owner', NOT_ALLOWED: `${PLAIN} admin`, NOT_FOUND: OUTSIDERS }),
  // The only owner does not step back.
  mutation('setMemberRole(chatId: $group, userId: $owner, role: MEMBER)', { NOT_ALLOWED: INSIDERS, NOT_FOUND: OUTSIDERS }),
  // Whoever has the code may look and come in; whoever is in stays as they are.
  query('chatByInvite(code: $code) { title }', { ok: SIGNED_IN }),
  mutation('joinChat(code: $code)', { ok: OUTSIDERS, idle: INSIDERS }),
  mutation('createInvite(chatId: $shed)', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('createInvite(chatId: $group)', { idle: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('revokeInvite(chatId: $group)', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
]

/** What is written in the group. */
export const MESSAGES = [
  query('node(id: $ofOwner) { ... on Message { text } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('message(id: $ofOwner) { text }', { ok: INSIDERS, null: OUTSIDERS }),
  query('message(id: $mine) { text }', { ok: INSIDERS, null: OUTSIDERS }),
  query('message(id: $ofElsewhere) { text }', { ok: 'stranger', null: allBut('stranger') }),
  query('message(id: $ofOwner) { chat { title } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('message(id: $reply) { replyTo { text } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('message(id: $mentioning) { mentions { username } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('message(id: $ofOwner) { reactions { actors { nodes { id } } } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('message(id: $edited) { editHistory { text } }', { ok: INSIDERS, null: OUTSIDERS }),
  // Who has it and who read it is the sender's to know.
  query('message(id: $ofOwner) { receipts { nodes { user { username } } } }', { ok: 'owner', null: allBut('owner') }),
  query('chat(id: $group) { messages { nodes { text } } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chat(id: $group) { messages(around: $ofOwner) { nodes { text } } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chat(id: $group) { lastMessage { text } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('chat(id: $group) { pinnedMessages { text } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('searchMessages(query: "roses") { nodes { text } }', { ok: INSIDERS, empty: OUTSIDERS }),
  query('searchMessages(query: "roses", senderId: $owner) { nodes { text } }', { ok: INSIDERS, empty: OUTSIDERS }),
  query('searchMessages(query: "roses", chatId: $group) { nodes { text } }', { ok: INSIDERS, empty: OUTSIDERS }),
  query('searchMessages(query: "tulips") { nodes { text } }', { ok: 'stranger', empty: allBut('stranger') }),
  mutation('sendMessage(chatId: $group, clientId: $uuid, text: "Hello")', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('sendMessage(chatId: $group, clientId: $uuid, text: "Yes", replyToId: $ofOwner)', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('sendMessage(chatId: $group, clientId: $uuid, text: "Yes", replyToId: $directOfOwner)', { NOT_FOUND: SIGNED_IN }),
  mutation('sendMessage(recipientId: $newcomer, clientId: $uuid, forwardOfId: $ofOwner)', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('sendMessage(recipientId: $newcomer, clientId: $uuid, forwardOfId: $ofElsewhere)', { ok: 'stranger', NOT_FOUND: allBut('stranger') }),
  query('node(id: $fileOfOwner) { ... on Attachment { fileName } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('node(id: $fileOfOwner) { ... on Attachment { thumbnailUrl } }', { ok: INSIDERS, null: OUTSIDERS }),
  query('message(id: $withFile) { attachments { url } }', { ok: INSIDERS, null: OUTSIDERS }),
  mutation('sendMessage(chatId: $group, clientId: $uuid, attachmentIds: [$myUpload])', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('sendMessage(chatId: $group, clientId: $uuid, attachmentIds: [$uploadOfOwner])', { ok: 'owner', NOT_FOUND: allBut('owner') }),
  mutation('sendMessage(recipientId: $newcomer, clientId: $uuid, attachmentIds: [$fileOfOwner])', { NOT_FOUND: SIGNED_IN }),
  mutation('sendMessage(recipientId: $newcomer, clientId: $uuid, forwardOfId: $withFile)', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('editMessage(messageId: $mine, text: "Better")', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('editMessage(messageId: $ofFellow, text: "Better")', { NOT_ALLOWED: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('deleteMessage(messageId: $mine)', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('deleteMessage(messageId: $ofFellow)', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('deleteMessage(messageId: $ofOwner)', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('addReaction(messageId: $ofFellow, emoji: "🌱")', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('removeReaction(messageId: $ofOwner, emoji: "👍")', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('pinMessage(messageId: $ofFellow)', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('pinMessage(messageId: $pinned)', { idle: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('unpinMessage(messageId: $pinned)', { ok: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('unpinMessage(messageId: $ofFellow)', { idle: 'admin owner', NOT_ALLOWED: PLAIN, NOT_FOUND: OUTSIDERS }),
  mutation('markRead(messageId: $newest)', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('markDelivered(messageId: $newest)', { ok: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('setTyping(chatId: $group, typing: true)', { idle: INSIDERS, NOT_FOUND: OUTSIDERS }),
]

const PAIR = 'member owner'
const NOT_THE_PAIR = allBut('member', 'owner')

/** The direct chat of the owner and the member: theirs, and both may do the same there. */
export const DIRECT = [
  query('chat(id: $direct) { title }', { ok: PAIR, null: NOT_THE_PAIR }),
  query('node(id: $direct) { id }', { ok: PAIR, null: NOT_THE_PAIR }),
  query('message(id: $directOfOwner) { text }', { ok: PAIR, null: NOT_THE_PAIR }),
  query('directChat(userId: $owner) { title }', { ok: 'member blocked', null: allBut('member', 'blocked') }),
  query('directChat(userId: $member) { title }', { ok: 'owner', null: allBut('owner') }),
  mutation('createDirectChat(userId: $newcomer)', { ok: SIGNED_IN }),
  mutation('createDirectChat(userId: $owner)', { idle: 'member blocked', INVALID_INPUT: 'owner', ok: allBut('member', 'blocked', 'owner') }),
  mutation('createDirectChat(userId: $admin)', { NOT_FOUND: 'blocked', INVALID_INPUT: 'admin', ok: allBut('blocked', 'admin') }),
  mutation('createDirectChat(userId: $blocked)', { NOT_ALLOWED: 'admin', idle: 'owner', INVALID_INPUT: 'blocked', ok: allBut('blocked', 'admin', 'owner') }),
  mutation('sendMessage(recipientId: $newcomer, clientId: $uuid, text: "Hello")', { ok: SIGNED_IN }),
  mutation('sendMessage(recipientId: $owner, clientId: $uuid, text: "Hello")', { NOT_ALLOWED: 'blocked', INVALID_INPUT: 'owner', ok: allBut('blocked', 'owner') }),
  mutation('sendMessage(recipientId: $admin, clientId: $uuid, text: "Hello")', { NOT_FOUND: 'blocked', INVALID_INPUT: 'admin', ok: allBut('blocked', 'admin') }),
  mutation('sendMessage(recipientId: $blocked, clientId: $uuid, text: "Hello")', { NOT_ALLOWED: 'admin owner', INVALID_INPUT: 'blocked', ok: allBut('blocked', 'admin', 'owner') }),
  mutation('sendMessage(chatId: $direct, clientId: $uuid, text: "Hello")', { ok: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('editMessage(messageId: $directOfOwner, text: "Better")', { ok: 'owner', NOT_ALLOWED: 'member', NOT_FOUND: NOT_THE_PAIR }),
  mutation('deleteMessage(messageId: $directOfOwner)', { ok: 'owner', NOT_ALLOWED: 'member', NOT_FOUND: NOT_THE_PAIR }),
  mutation('addReaction(messageId: $directOfOwner, emoji: "🌱")', { ok: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('pinMessage(messageId: $directOfOwner)', { ok: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('unpinMessage(messageId: $directPinned)', { ok: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('setTyping(chatId: $direct, typing: true)', { idle: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('updateChatSettings(chatId: $direct, pinned: true)', { ok: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('deleteChat(chatId: $direct)', { ok: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  // It is no group.
  mutation('leaveChat(chatId: $direct)', { NOT_ALLOWED: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('updateChat(chatId: $direct, title: "Us")', { NOT_ALLOWED: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('addMembers(chatId: $direct, userIds: [$newcomer])', { NOT_ALLOWED: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('removeMember(chatId: $direct, userId: $member)', { NOT_ALLOWED: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('setMemberRole(chatId: $direct, userId: $me, role: OWNER)', { NOT_ALLOWED: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('createInvite(chatId: $direct)', { NOT_ALLOWED: PAIR, NOT_FOUND: NOT_THE_PAIR }),
  mutation('revokeInvite(chatId: $direct)', { NOT_ALLOWED: PAIR, NOT_FOUND: NOT_THE_PAIR }),
]

const APART = 'blocked owner'
const NOT_APART = allBut('blocked', 'owner')

/** The direct chat of the owner and the person they have blocked: both may still read it, and put it in order for themselves. */
export const CLOSED = [
  query('chat(id: $closed) { title }', { ok: APART, null: NOT_APART }),
  query('chat(id: $closed) { messages { nodes { text } } }', { ok: APART, null: NOT_APART }),
  query('message(id: $closedOfOwner) { text }', { ok: APART, null: NOT_APART }),
  mutation('sendMessage(chatId: $closed, clientId: $uuid, text: "Hello")', { NOT_ALLOWED: APART, NOT_FOUND: NOT_APART }),
  mutation('editMessage(messageId: $mineInClosed, text: "Better")', { NOT_ALLOWED: APART, NOT_FOUND: NOT_APART }),
  mutation('addReaction(messageId: $closedOfOwner, emoji: "🌱")', { NOT_ALLOWED: APART, NOT_FOUND: NOT_APART }),
  mutation('removeReaction(messageId: $closedOfOwner, emoji: "👍")', { NOT_ALLOWED: APART, NOT_FOUND: NOT_APART }),
  mutation('pinMessage(messageId: $mineInClosed)', { NOT_ALLOWED: APART, NOT_FOUND: NOT_APART }),
  mutation('unpinMessage(messageId: $closedOfOwner)', { NOT_ALLOWED: APART, NOT_FOUND: NOT_APART }),
  mutation('setTyping(chatId: $closed, typing: true)', { NOT_ALLOWED: APART, NOT_FOUND: NOT_APART }),
  mutation('deleteMessage(messageId: $mineInClosed)', { ok: APART, NOT_FOUND: NOT_APART }),
  mutation('markRead(messageId: $closedOfOwner)', { ok: APART, NOT_FOUND: NOT_APART }),
  mutation('updateChatSettings(chatId: $closed, archived: true)', { ok: APART, NOT_FOUND: NOT_APART }),
  mutation('deleteChat(chatId: $closed)', { ok: APART, NOT_FOUND: NOT_APART }),
]

const NOT_AGENT = allBut('agent')

/** The chat with a customer: whoever has the role AGENT reads and answers it, and to everybody else there is none. */
export const OUTSIDE = [
  query('chat(id: $outside) { title }', { ok: 'agent', null: NOT_AGENT }),
  query('chat(id: $outside) { whatsapp { contact { phone } } }', { ok: 'agent', null: NOT_AGENT }),
  query('chat(id: $outside) { members { nodes { user { username } } } }', { ok: 'agent', null: NOT_AGENT }),
  query('chat(id: $outside) { messages { nodes { text } } }', { ok: 'agent', null: NOT_AGENT }),
  query('chats(filter: { kind: WHATSAPP }) { nodes { id } }', { ok: 'agent', empty: NOT_AGENT }),
  query('node(id: $contact) { ... on Contact { displayName } }', { ok: 'agent', null: NOT_AGENT }),
  query('node(id: $template) { ... on WhatsAppTemplate { name } }', { ok: 'agent', null: NOT_AGENT }),
  query('node(id: $delivery) { ... on WhatsAppDelivery { state } }', { ok: 'serverAdmin', null: allBut('serverAdmin') }),
  query('whatsappTemplates { nodes { name } }', { ok: 'agent', null: NOT_AGENT }),
  query('whatsAppDeliveries { nodes { body } }', { ok: 'serverAdmin', null: allBut('serverAdmin') }),
  query('message(id: $ofAgent) { text }', { ok: 'agent', null: NOT_AGENT }),
  query('searchMessages(query: "lighthouse") { nodes { text } }', { ok: 'agent', empty: NOT_AGENT }),
  mutation('sendMessage(chatId: $outside, clientId: $uuid, text: "Hello")', { ok: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('sendTemplate(chatId: $outside, clientId: $uuid, name: "plain", language: "en_US")', { ok: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('editMessage(messageId: $ofAgent, text: "Better")', { NOT_ALLOWED: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('deleteMessage(messageId: $ofAgent)', { NOT_ALLOWED: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('retryMessage(messageId: $failed)', { ok: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('retryMessage(messageId: $ofAgent)', { NOT_ALLOWED: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('addReaction(messageId: $ofAgent, emoji: "🌱")', { ok: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('markRead(messageId: $ofAgent)', { ok: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('setTyping(chatId: $outside, typing: true)', { idle: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('updateChatSettings(chatId: $outside, archived: true)', { ok: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('assignChat(chatId: $outside, userId: $agent)', { ok: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('assignChat(chatId: $outside, userId: $owner)', { NOT_ALLOWED: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('assignChat(chatId: $group, userId: $agent)', { NOT_ALLOWED: INSIDERS, NOT_FOUND: OUTSIDERS }),
  mutation('startWhatsAppChat(phone: "+14155550199")', { ok: 'agent', NOT_ALLOWED: NOT_AGENT }),
  mutation('startWhatsAppChat(contactId: $contact)', { idle: 'agent', NOT_ALLOWED: NOT_AGENT }),
  mutation('replayWhatsAppDelivery(deliveryId: $delivery)', { ok: 'serverAdmin', NOT_ALLOWED: allBut('serverAdmin') }),
  // It is no group.
  mutation('leaveChat(chatId: $outside)', { NOT_ALLOWED: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('deleteChat(chatId: $outside)', { NOT_ALLOWED: 'agent', NOT_FOUND: NOT_AGENT }),
  mutation('addMembers(chatId: $outside, userIds: [$newcomer])', { NOT_ALLOWED: 'agent', NOT_FOUND: NOT_AGENT }),
  subscription('events(chatId: $outside) { caughtUp }', { ok: 'agent', BAD_USER_INPUT: NOT_AGENT }),
]

const SEND = ['sendMessage(chatId: $group, clientId: $uuid, text: "Listen")']
const TYPE = ['setTyping(chatId: $group, typing: true)', 'setTyping(chatId: $group, typing: false)']

/** What is heard as it happens. */
export const LIVE = [
  subscription('events { caughtUp }', { ok: SIGNED_IN }),
  subscription('events { events { ... on MessageAdded { message { text } } } }', { ok: INSIDERS, empty: OUTSIDERS }, { when: SEND }),
  subscription('events(chatId: $group) { caughtUp }', { ok: INSIDERS, BAD_USER_INPUT: OUTSIDERS }),
  subscription('events(chatId: $direct) { caughtUp }', { ok: PAIR, BAD_USER_INPUT: NOT_THE_PAIR }),
  // A cursor of somebody else's leads nowhere.
  subscription('events(after: $cursorOfOwner) { reset { reason } }', { ok: allBut('owner'), empty: 'owner' }),
  subscription('messageAdded(chatId: $group) { text }', { ok: INSIDERS, BAD_USER_INPUT: OUTSIDERS }, { when: SEND }),
  subscription('typing { typing }', { ok: INSIDERS, empty: OUTSIDERS }, { when: TYPE }),
  subscription('typing(chatId: $group) { typing }', { ok: INSIDERS, BAD_USER_INPUT: OUTSIDERS }, { when: TYPE }),
  subscription('typing(chatId: $group) { typing }', { ok: 'member admin', empty: 'blocked owner', BAD_USER_INPUT: OUTSIDERS }, { when: TYPE, by: 'owner' }),
]

/** What somebody hears of what happened while they were away: up to when they left, and of it nothing that is read from the chat as it is now. */
export const RESUMED = [
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { text } } } }', { ok: `${INSIDERS} left kicked stranger`, empty: but(OUTSIDERS, 'left', 'kicked', 'stranger') }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { id } } } }', { ok: `${INSIDERS} left kicked`, empty: but(OUTSIDERS, 'left', 'kicked') }, { finds: 'reply' }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { id } } } }', { ok: INSIDERS, empty: OUTSIDERS }, { finds: 'newest' }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { replyTo { text } } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { chat { id } } } } }', { ok: INSIDERS, empty: OUTSIDERS }, { finds: 'group' }),
  // What happened to it after they had gone is nothing to them, and neither is who has it.
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { text } } } }', { ok: INSIDERS, empty: OUTSIDERS }, { finds: 'editedText' }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { editHistory { text } } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { attachments { url } } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { pinnedAt } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { reactions { actors { nodes { id } } } } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { message { receipts { nodes { readAt } } } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MessageAdded { chat { id } } } }', { ok: INSIDERS, empty: OUTSIDERS }, { finds: 'group' }),
  subscription('events(after: $cursor) { events { ... on MessageChanged { message { id } } } }', { ok: INSIDERS, empty: OUTSIDERS }, { finds: 'edited' }),
  subscription('events(after: $cursor) { events { ... on MessageChanged { chat { id } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MessagesErased { chat { id } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on ChatAdded { chat { id } } } }', { ok: INSIDERS, empty: OUTSIDERS }, { finds: 'shed' }),
  subscription('events(after: $cursor) { events { ... on ChatChanged { chat { title } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on ChatRemoved { chatId } } }', { ok: 'left kicked', empty: but(SIGNED_IN, 'left', 'kicked') }, { finds: 'group' }),
  subscription('events(after: $cursor) { events { ... on MemberAdded { member { role } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MemberAdded { chat { title } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MemberChanged { member { role } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on MemberChanged { chat { title } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  // The one who was removed learns that others left before, and nothing of the chat.
  subscription('events(after: $cursor) { events { ... on MemberRemoved { user { id } } } }', { ok: `${INSIDERS} kicked`, empty: but(OUTSIDERS, 'kicked') }, { finds: 'left' }),
  subscription('events(after: $cursor) { events { ... on MemberRemoved { chat { title } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on ReceiptsChanged { member { readUpTo } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on ReceiptsChanged { chat { id } } } }', { ok: INSIDERS, empty: OUTSIDERS }),
  subscription('events(after: $cursor) { events { ... on UserChanged { user { id } } } }', { ok: INSIDERS, empty: OUTSIDERS }, { finds: 'fellow' }),
]

export const TABLE = [...ACCOUNT, ...PEOPLE, ...GROUPS, ...MESSAGES, ...DIRECT, ...CLOSED, ...OUTSIDE, ...LIVE, ...RESUMED]
