import { SignJWT } from 'jose'
import { decodeAnyId, encodeId } from '../../src/base/id.ts'
import type { Client, Untyped } from '../client.ts'
import { PASSWORD } from '../harness.ts'
import { sendFiles, upload } from '../support/files.ts'
import { plain } from '../support/pictures.ts'
import type { TestServer } from '../harness.ts'
import type { Actor } from './actors.ts'
import { operationOf } from './documents.ts'

/** What the rows may speak of: `$group`, `$mine` ... */
export type Values = Record<string, string>

const NAMES = ['serverAdmin', 'stranger', 'left', 'kicked', 'invited', 'agent', 'blocked', 'member', 'admin', 'owner', 'fellow', 'newcomer', 'friend', 'gone'] as const
type Name = (typeof NAMES)[number]
/** The actors who are signed in, and: a fellow member, a newcomer whom nobody knows yet, a friend of some, and one who has deleted the account. */
type People = Record<Name, Client>

export interface Seed {
  people: People
  actors: Record<Actor, Client>
  /** What is the same for everybody. */
  things: Values
  /** What is somebody's own, by their user ID. */
  own: Record<string, Values>
}

/** Makes the people and things that the table speaks of, by the API, as people would. */
export async function seed(connect: () => Client, sql: TestServer['sql']): Promise<Seed> {
  const people = {} as People
  for (const name of NAMES) {
    people[name] = connect()
    // The first account of a server is its admin.
    await people[name].register(name, PASSWORD)
  }
  await does(people.serverAdmin, 'setUserRoles(userId: $of, roles: [AGENT])', { of: people.agent.id })
  const outside = await makeOutside(people, sql)
  const group = await makeGroup(people)
  const direct = await makeDirectChats(people)
  const sessions = await makeSessions(people, connect)

  const uploads: Values = {}
  for (const [name, client] of Object.entries(people)) if (name !== 'gone') uploads[name] = await upload(client, await plain('png'))

  const ids = Object.fromEntries(Object.entries(people).map(([name, { id }]) => [name, id]))
  const own: Record<string, Values> = Object.fromEntries(
    Object.entries(people).map(([name, { id, refreshToken }]): [string, Values] => {
      // Of what only some have, the others try what is the member's or the owner's.
      const mine = { mine: group.messages[name] ?? group.messages.member ?? '', mineInClosed: direct.messages[name] ?? direct.messages.owner ?? '' }
      return [id, { me: id, ...mine, myUpload: uploads[name] ?? '', cursor: group.cursors[name] ?? '', refreshToken: refreshToken ?? '', ...sessions.own[id] }]
    }),
  )
  const things = { ...ids, ...outside, ...group.things, ...direct.things, endedRefreshToken: sessions.actors.revoked.refreshToken ?? '', sessionOfOwner: own[people.owner.id]?.mySession ?? '', cursorOfOwner: group.cursors.owner ?? '', uploadOfOwner: uploads.owner ?? '', password: PASSWORD }
  return { people, things, own, actors: { ...people, ...sessions.actors } }
}

/** A chat with a customer. What only Meta tells is written behind the API. */
async function makeOutside({ agent }: People, sql: TestServer['sql']): Promise<Values> {
  const [template] = await sql`insert into whatsapp_template (name, language, category, status, body, parameter_count) values ('plain', 'en_US', 'UTILITY', 'APPROVED', 'Hello', 0) returning id`
  const [delivery] = await sql`insert into whatsapp_delivery (digest, body, state) values ('\\x00', '{}', 'PARKED') returning id`
  const { startWhatsAppChat } = await agent.ask('mutation { startWhatsAppChat(input: { phone: "+14155550123", displayName: "Ada" }) { chat { id whatsapp { contact { id } } } } }')
  const outside = startWhatsAppChat.chat.id as string
  await sql`update stream set writable_until = now() + interval '1 day' where outside_id is not null`
  const ofAgent = await agent.send(outside, 'lighthouse')
  const failed = await agent.send(outside, 'in vain')
  const [chatId = 0, number = 0] = decodeAnyId(failed)?.key ?? []
  await sql`update message set status = 2, failure = '{"code":"1","title":"Away","detail":null,"retryable":true}' where chat_id = ${chatId} and number = ${number}`
  return { outside, ofAgent, failed, contact: startWhatsAppChat.chat.whatsapp.contact.id, template: encodeId('WhatsAppTemplate', Number(template?.id)), delivery: encodeId('WhatsAppDelivery', Number(delivery?.id)) }
}

const editedText = 'second'

/** The group, from which two have gone, and all that happened there. */
async function makeGroup({ owner, admin, member, blocked, fellow, left, kicked, friend, gone, ...others }: People) {
  const group = await owner.group('Garden', admin, member, blocked, fellow, left, kicked, gone)
  // From here on everybody may come back and hear what happened.
  const cursors: Values = {}
  for (const [name, client] of Object.entries({ owner, admin, member, blocked, left, kicked, ...others })) cursors[name] = (await client.ask('{ eventCursor }')).eventCursor
  const messages: Values = {}
  for (const [name, client] of Object.entries({ owner, admin, member, blocked, fellow, left, kicked, gone })) messages[name] = await client.send(group, `roses, says ${name}`)
  const ofOwner = messages.owner ?? ''
  const reply = await fellow.send(group, 'an answer', { replyToId: ofOwner })
  const edited = await fellow.send(group, 'first')
  await does(left, 'leaveChat(chatId: $group)', { group })
  await does(owner, 'removeMember(chatId: $group, userId: $of)', { group, of: kicked.id })
  // All else is not for the two who have gone.
  await does(owner, 'setMemberRole(chatId: $group, userId: $of, role: ADMIN)', { group, of: admin.id })
  await does(owner, 'updateChat(chatId: $group, title: "The garden")', { group })
  await does(owner, 'updateChatSettings(chatId: $group, mutedUntil: "2999-01-01T00:00:00.000Z")', { group })
  await does(owner, 'addMembers(chatId: $group, userIds: [$of])', { group, of: friend.id })
  await does(owner, 'createInvite(chatId: $group)', { group })
  const { invite } = (await owner.ask('query ($group: ID!) { chat(id: $group) { invite { code } } }', { group })).chat
  for (const client of [owner, admin, member, blocked]) await does(client, 'addReaction(messageId: $ofOwner, emoji: "👍")', { ofOwner })
  await does(owner, 'pinMessage(messageId: $reply)', { reply })
  const mentioning = await fellow.send(group, 'Look, @member')
  await does(fellow, 'editMessage(messageId: $edited, text: $editedText)', { edited, editedText })
  const fileOfOwner = await upload(owner, await plain('png'), { fileName: 'roses.png' })
  const withFile = await sendFiles(owner, group, [fileOfOwner])
  await does(owner, 'updateChat(chatId: $group, avatarAttachmentId: $avatar)', { group, avatar: await upload(owner, await plain('png')) })
  await does(owner, 'updateProfile(avatarAttachmentId: $avatar)', { avatar: await upload(owner, await plain('png')) })
  const pinned = await fellow.send(group, 'keep this')
  await does(owner, 'pinMessage(messageId: $pinned)', { pinned })
  await does(fellow, 'markRead(messageId: $pinned)', { pinned })
  await does(fellow, 'updateProfile(bio: "Grows roses")', {})
  await does(gone, 'deleteAccount(password: $password)', { password: PASSWORD })
  await hearsOf(owner, cursors.owner ?? '', 'MessagesErased')
  const newest = await fellow.send(group, 'the newest')
  // A group of the same people that has no invite.
  const shed = await owner.group('Shed', admin, member, blocked)
  await does(owner, 'setMemberRole(chatId: $shed, userId: $of, role: ADMIN)', { shed, of: admin.id })
  const members = { membership: memberId(group, fellow), membershipOfOwner: memberId(group, owner) }
  return { things: { group, code: invite.code, ofOwner, ofFellow: messages.fellow ?? '', reply, mentioning, edited, editedText, fileOfOwner, withFile, pinned, newest, shed, ...members }, messages, cursors }
}

/** The chats beside the group: of the owner and the member, of the owner and the one they block, and what is nobody's business of theirs. */
async function makeDirectChats({ owner, member, admin, blocked, stranger, friend }: People) {
  const direct = await owner.directChat(member)
  const directOfOwner = await owner.send(direct, 'between us')
  const directPinned = await member.send(direct, 'for us both')
  await does(member, 'pinMessage(messageId: $directPinned)', { directPinned })
  const closed = await owner.directChat(blocked)
  const messages: Values = { owner: await owner.send(closed, 'once'), blocked: await blocked.send(closed, 'long ago') }
  const closedOfOwner = messages.owner ?? ''
  await does(owner, 'pinMessage(messageId: $closedOfOwner)', { closedOfOwner })
  for (const client of [owner, blocked]) await does(client, 'addReaction(messageId: $closedOfOwner, emoji: "👍")', { closedOfOwner })
  for (const client of [owner, admin]) await does(client, 'blockUser(userId: $of)', { of: blocked.id })
  const groupOfBlocked = await blocked.group('Own', friend)
  const elsewhere = await stranger.group('Elsewhere', friend)
  const ofElsewhere = await stranger.send(elsewhere, 'tulips')
  return { things: { direct, directOfOwner, directPinned, closed, closedOfOwner, groupOfBlocked, elsewhere, ofElsewhere }, messages }
}

/** Everybody's session and another one of theirs; and those whose sign-in is worth nothing: they would be the owner. */
async function makeSessions({ gone: _gone, ...people }: People, connect: () => Client) {
  const own: Record<string, Values> = {}
  for (const client of Object.values(people)) {
    await signIn(connect(), client)
    const { sessions } = (await client.ask('{ me { sessions { id current } } }')).me
    const find = (mine: boolean) => sessions.find(({ current }: Untyped) => current === mine).id as string
    own[client.id] = { mySession: find(true), myOtherSession: find(false) }
  }
  const { owner } = people
  const revoked = await signIn(connect(), owner)
  await revoked.ask('mutation { logout { errors { message } } }')
  const expired = Object.assign(connect(), { id: owner.id, token: await expiredToken(owner.token ?? '') })
  return { own, actors: { anonymous: Object.assign(connect(), { id: owner.id }), expired, revoked } }
}

/** Does what must work, in the short form of the rows. */
export async function does(client: Client, text: string, values: Values): Promise<void> {
  const operation = operationOf({ kind: 'mutation', text })
  if (operation === null) throw new Error(`nobody can ${text}`)
  const payload = (await client.ask(operation.document, values))[operation.field]
  if (payload.errors.length > 0) throw new Error(`${text}: ${JSON.stringify(payload.errors)}`)
}

/** Waits for what a server does by itself. */
async function hearsOf(client: Client, after: string, typename: string): Promise<void> {
  const stream = client.subscribe('subscription ($after: String) { events(after: $after) { events { __typename } } }', { after })
  while (!(await stream.next()).events.events.some((event: Untyped) => event.__typename === typename));
  stream.unsubscribe()
}

/** Signs in on another device as somebody. */
async function signIn(device: Client, as: Client): Promise<Client> {
  const { me } = await as.ask('{ me { username } }')
  const { login } = await device.ask('mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken } }', { input: { login: me.username, password: PASSWORD } })
  return Object.assign(device, { id: as.id, token: login.accessToken, refreshToken: login.refreshToken })
}

/** The same token, but that its time was over an hour ago. */
function expiredToken(token: string): Promise<string> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  const now = Math.floor(Date.now() / 1000)
  const key = new TextEncoder().encode('a secret key for tests, long enough')
  return new SignJWT({ ...claims, iat: now - 7200, exp: now - 3600 }).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(key)
}

/** A server tells the ID of a membership to members only, so outsiders are given one as they might guess it. */
function memberId(chatId: string, { id }: Client): string {
  return encodeId('ChatMember', decodeAnyId(chatId)?.key[0] ?? 0, decodeAnyId(id)?.key[0] ?? 0)
}
