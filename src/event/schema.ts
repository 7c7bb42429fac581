import type { ObjectFieldBuilder } from '@pothos/core'
import { encodeId } from '../base/id.ts'
import { loadChat, loadMember } from '../chat/domain.ts'
import { isHidden } from '../chat/hiding.ts'
import { Chat, ChatMember } from '../chat/schema.ts'
import { builder } from '../graphql/builder.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import { Message } from '../message/schema.ts'
import { messageOf } from '../message/visible.ts'
import { loadActor } from '../user/contacts.ts'
import { loadUser } from '../user/domain.ts'
import { Actor, User } from '../user/schema.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

export const Event = builder.interfaceRef<EventRow>('Event').implement({
  description: 'Something that happened. Take a type you do not know as "seq advanced": so the schema can grow.',
  fields: (t) => ({
    chatId: t.id({ nullable: true, description: 'Global ID of the chat in which it happened; null for what concerns people.', resolve: (event) => mapped(chatIdOf(event), (chatId) => encodeId('Chat', chatId)) }),
    seq: t.int({ nullable: true, description: 'Counts up by one per chat; null for what is state rather than history.', resolve: (event) => (isNumbered(event) ? event.seq : null) }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened, by the server.' }),
    actor: t.field({ type: Actor, nullable: true, description: 'Who did it; null where nobody signed in did.', resolve: (event, _args, ctx) => (event.actorId === null ? null : loadActor(ctx, event.actorId)) }),
  }),
  resolveType: (event, ctx) => typeNameOf(event, ctx),
})

/** By what the event is to the viewer: who joins reads ChatAdded where the others read MemberAdded. */
function typeNameOf(event: EventRow, ctx: GraphQLContext): string {
  switch (event.kind) {
    case EventKind.MESSAGE_ADDED:
      return 'MessageAdded'
    case EventKind.MESSAGE_EDITED:
    case EventKind.MESSAGE_DELETED:
    case EventKind.MESSAGE_REACTED:
    case EventKind.MESSAGE_PINNED:
    case EventKind.MESSAGE_ATTACHED:
    case EventKind.MESSAGE_STATUS:
      return 'MessageChanged'
    case EventKind.MESSAGES_ERASED:
      return 'MessagesErased'
    case EventKind.CHAT_CREATED:
    case EventKind.CHAT_SHOWN:
      return 'ChatAdded'
    case EventKind.CHAT_CHANGED:
      return 'ChatChanged'
    case EventKind.CHAT_DELETED:
    case EventKind.CHAT_HIDDEN:
      return 'ChatRemoved'
    case EventKind.MEMBER_ADDED:
      return isOfViewer(event, ctx) ? 'ChatAdded' : 'MemberAdded'
    case EventKind.MEMBER_REMOVED:
      return isOfViewer(event, ctx) ? 'ChatRemoved' : 'MemberRemoved'
    case EventKind.MEMBER_CHANGED:
    case EventKind.SETTINGS_CHANGED:
      return 'MemberChanged'
    case EventKind.MARKS_MOVED:
      return 'ReceiptsChanged'
    case EventKind.PROFILE_CHANGED:
    case EventKind.SESSION_ENDED:
    case EventKind.BLOCKS_CHANGED:
    case EventKind.CONTACT_CHANGED:
      return 'UserChanged'
    case EventKind.JOINED:
    case EventKind.INBOX_CHANGED:
      throw new Error('an event that only wakes is never shown')
  }
}

/** Whether the event is about the viewer. */
function isOfViewer({ refId }: EventRow, ctx: GraphQLContext): boolean {
  if (ctx.shared === undefined || refId === null) return refId === ctx.viewer?.userId
  ctx.shared.assumeOther(refId)
  return false
}

/** The chat in which it happened; null for what concerns people. */
function chatIdOf(event: EventRow): number | null {
  if (isNumbered(event) || event.kind === EventKind.MARKS_MOVED) return event.streamId
  return OF_ONE_CHAT.has(event.kind) ? event.refId : null
}

/** What concerns the viewer alone, and one of their chats. */
const OF_ONE_CHAT = new Set<EventKind>([EventKind.SETTINGS_CHANGED, EventKind.CHAT_HIDDEN, EventKind.CHAT_SHOWN])

/** Events in a user's stream carry no number of a chat, nor does what is state rather than history. */
function isNumbered(event: EventRow): boolean {
  return event.kind < EventKind.JOINED
}

/** The member that an event is about: the viewer's own where it is a setting of theirs. */
function memberIdOf(event: EventRow): number | null {
  return event.kind === EventKind.SETTINGS_CHANGED ? event.streamId : event.refId
}

const chatField = {
  type: Chat,
  nullable: true,
  description: 'The chat as it is now; null once the viewer has left it, or deleted it from their list.',
  resolve: readableChat,
} as const

/** Null as well where the event is about a message that is no longer in the viewer's history: it must not bring back what they deleted. */
async function readableChat(event: EventRow, _args: object, ctx: GraphQLContext) {
  const chatId = chatIdOf(event)
  const chat = chatId === null ? null : await loadChat(ctx, chatId)
  if (ctx.shared !== undefined) {
    if (event.kind === EventKind.MESSAGE_ADDED) ctx.shared.assumeReads(event.streamId, event.refId ?? 0)
    return chat
  }
  if (chat === null || isHidden(chat)) return null
  return event.kind === EventKind.MESSAGE_ADDED && (event.refId ?? 0) < chat.member.historyFrom ? null : chat
}

builder.objectRef<EventRow>('MessageAdded').implement({
  description: 'A message was sent.',
  interfaces: [Event],
  fields: (t) => ({
    message: t.field({ type: Message, description: 'The message, as it is now.', resolve: (event, _args, ctx) => messageOf(ctx, event) }),
    chat: t.field(chatField),
  }),
})

const MessageChange = builder.enumType('MessageChange', {
  description: 'What changed about a message.',
  values: {
    EDITED: { description: 'Its text.' },
    DELETED: { description: 'It was deleted; a tombstone stays.' },
    REACTIONS: { description: 'Its reactions.' },
    PINNED: { description: 'Whether it is pinned.' },
    ATTACHMENTS: { description: 'The bytes of a file have come, or will not come.' },
    STATUS: { description: 'How far it came on WhatsApp, or why not further.' },
  } as const,
})

builder.objectRef<EventRow>('MessageChanged').implement({
  description: 'A message is not what it was.',
  interfaces: [Event],
  fields: (t) => ({
    change: t.field({ type: MessageChange, description: 'What changed.', resolve: changeOf }),
    message: t.field({ type: Message, description: 'The message, as it is now.', resolve: (event, _args, ctx) => messageOf(ctx, event) }),
    chat: t.field(chatField),
  }),
})

function changeOf(event: EventRow): 'EDITED' | 'DELETED' | 'REACTIONS' | 'PINNED' | 'ATTACHMENTS' | 'STATUS' {
  if (event.kind === EventKind.MESSAGE_DELETED) return 'DELETED'
  if (event.kind === EventKind.MESSAGE_REACTED) return 'REACTIONS'
  if (event.kind === EventKind.MESSAGE_STATUS) return 'STATUS'
  if (event.kind === EventKind.MESSAGE_ATTACHED) return 'ATTACHMENTS'
  return event.kind === EventKind.MESSAGE_PINNED ? 'PINNED' : 'EDITED'
}

/** Somebody who certainly has an account, or had one. */
async function someUser(ctx: GraphQLContext, userId: number | null) {
  const user = userId === null ? null : await loadUser(ctx, userId)
  if (user === null) throw new Error('a user whom an event names is never removed')
  return user
}

builder.objectRef<EventRow>('MessagesErased').implement({
  description: 'An account left, and took what it wrote along: its messages in this chat up to this number are empty now.',
  interfaces: [Event],
  fields: (t) => ({
    sender: t.field({ type: User, description: 'Whose messages: the tombstone of the account.', resolve: (event, _args, ctx) => someUser(ctx, event.refId) }),
    upToNumber: t.int({ description: 'The highest number that may be concerned.', resolve: (event) => event.rev ?? 0 }),
    chat: t.field(chatField),
  }),
})

builder.objectRef<EventRow>('ChatAdded').implement({
  description: "The viewer is in this chat from here on; without a `seq`, a direct chat is in their list again. Fetch its history where it has a `lastMessage`.",
  interfaces: [Event],
  fields: (t) => ({ chat: t.field(chatField) }),
})

builder.objectRef<EventRow>('ChatChanged').implement({
  description: 'Title, description, picture or invite of a chat changed.',
  interfaces: [Event],
  fields: (t) => ({ chat: t.field(chatField) }),
})

builder.objectRef<EventRow>('ChatRemoved').implement({
  description:
    'The viewer is no longer in this chat: they left, were removed, or it was ended; nothing more comes of it. Without a `seq` the viewer has deleted a direct chat ' +
    'from their list: with its next message it comes back, empty but for that.',
  interfaces: [Event],
})

const memberFields = (t: ObjectFieldBuilder<typeof builder.$inferSchemaTypes, EventRow>) => ({
  memberId: t.id({ description: 'Global ID of the member.', resolve: (event) => encodeId('ChatMember', chatIdOf(event) ?? 0, memberIdOf(event) ?? 0) }),
  member: t.field({
    type: ChatMember,
    nullable: true,
    description: 'The member as they are now; null once they, or the viewer, have left.',
    resolve: readableMember,
  }),
  chat: t.field(chatField),
})

async function readableMember(event: EventRow, _args: object, ctx: GraphQLContext) {
  const chatId = chatIdOf(event)
  const memberId = memberIdOf(event)
  if (chatId === null || memberId === null || (await loadChat(ctx, chatId)) === null) return null
  return loadMember(ctx, chatId, memberId)
}

builder.objectRef<EventRow>('MemberAdded').implement({ description: 'Somebody else joined the chat.', interfaces: [Event], fields: memberFields })

builder.objectRef<EventRow>('MemberChanged').implement({
  description: "A member has another role; or, without a `seq`, the viewer's own settings of the chat changed.",
  interfaces: [Event],
  fields: memberFields,
})

builder.objectRef<EventRow>('MemberRemoved').implement({
  description: 'Somebody else left the chat, or was removed.',
  interfaces: [Event],
  fields: (t) => ({
    memberId: t.id({ description: 'Global ID of the member.', resolve: (event) => encodeId('ChatMember', event.streamId, event.refId ?? 0) }),
    user: t.field({ type: User, description: 'Who it was.', resolve: (event, _args, ctx) => someUser(ctx, event.refId) }),
    chat: t.field(chatField),
  }),
})

builder.objectRef<EventRow>('ReceiptsChanged').implement({
  description:
    "How far a member has received and read. Of every member in chats of up to 100; in larger ones the viewer's own other devices, and `chat` with its marks at most every 5 s. " +
    'At most once a second per member and chat.',
  interfaces: [Event],
  fields: (t) => ({
    memberId: t.id({
      nullable: true,
      description: 'Global ID of the member; null where it speaks of the members of a large chat together.',
      resolve: (event) => mapped(event.refId, (userId) => encodeId('ChatMember', event.streamId, userId)),
    }),
    member: t.field({ type: ChatMember, nullable: true, description: 'The member with the marks as they are now.', resolve: readableMember }),
    chat: t.field(chatField),
  }),
})

builder.objectRef<EventRow>('UserChanged').implement({
  description: "The profile of the viewer or of a contact changed, or the viewer's block list or sessions.",
  interfaces: [Event],
  fields: (t) => ({
    user: t.field({
      type: User,
      description: 'The user, as they are now.',
      resolve: (event, _args, ctx) => someUser(ctx, event.kind === EventKind.CONTACT_CHANGED ? event.refId : event.streamId),
    }),
  }),
})

function mapped<A, B>(value: A | null, map: (value: A) => B): B | null {
  return value === null ? null : map(value)
}

/**
 * A direct chat that was deleted from the list and has come back meanwhile, by a message of which nobody knows whether it comes before or behind:
 * it is removed and added again, so that either way the list is right.
 */
export async function withChatsThatCameBack(ctx: GraphQLContext, events: readonly EventRow[]): Promise<EventRow[]> {
  const shown = await Promise.all(
    events.map(async (event) => {
      if (event.kind !== EventKind.CHAT_HIDDEN || event.refId === null) return [event]
      const chat = await loadChat(ctx, event.refId)
      return chat === null || isHidden(chat) ? [event] : [event, { ...event, kind: EventKind.CHAT_SHOWN }]
    }),
  )
  return shown.flat()
}
