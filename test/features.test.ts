import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

// What people ask of a chat backend, and the test that shows each of it. A test that is renamed or goes is noticed here.

type Rows = Record<string, readonly [file: string, title: string]>

const FEATURES: Record<string, Rows> = {
  'accounts and people': {
    'register, with a name or e-mail address that is taken told as data': ['wire/chat.test.ts', 'two people sign up, write, and see each other’s messages live'],
    'log in by username or e-mail address': ['wire/sessions.test.ts', 'by name in any case or by e-mail address; the answer reads as the new viewer'],
    'one error for a wrong name and a wrong password': ['clients/graphql-ws.test.ts', 'carol signs up and in over the socket, and is told of a wrong password as data'],
    'log out, which ends live sockets': ['wire/sessions.test.ts', 'logout voids the token and closes the live socket'],
    'log out everywhere else': ['wire/own-sessions.test.ts', 'and of all the others at once, which are counted'],
    'sessions listed and ended': ['wire/own-sessions.test.ts', 'shows every device, the newest use first, and which of them asks'],
    'who am I': ['wire/own-sessions.test.ts', 'where it is one’s own signs out: the answer reads as nobody'],
    'refresh tokens that rotate': ['wire/sessions.test.ts', 'an old token that comes again ends the session, its tokens and its live sockets'],
    'a cookie session': ['wire/sessions.test.ts', 'works from an httpOnly cookie, which the answer does not repeat'],
    'every field protected': ['authorization/matrix.test.ts', 'every query, mutation and subscription'],
    'a list of people': ['wire/history.test.ts', 'page in the order of their names'],
    'people found by name, username and whole e-mail address': ['wire/history.test.ts', 'are found by the beginning of any word of their names, and by a whole e-mail address'],
    'people found though misspelt': ['wire/misspelt.test.ts', 'a name that is misspelt'],
    'somebody by id': ['wire/history.test.ts', 'and everything else are found by node, if the viewer may see it'],
    'a profile that changes, and is heard of': ['wire/receipts.test.ts', 'comes as UserChanged to those who share a chat, live and with a resume, and to nobody else'],
    'another e-mail address': ['wire/own-account.test.ts', 'takes the password, and signs in from then on'],
    'another password': ['wire/own-sessions.test.ts', 'opens, the old one does not, and all other sessions end within a second'],
    'a picture of oneself': ['files/avatars.test.ts', 'a user has one that everybody sees who is signed in, until there is another'],
    'availability and a status text': ['wire/presence.test.ts', 'is heard at once by those who listen, and by the other devices'],
    'leaving for good, messages kept': ['wire/account.test.ts', 'stays with KEEP, under the name of a deleted account'],
    'leaving for good, messages erased': ['wire/account.test.ts', 'is emptied with ERASE, told once per chat, and the threads of others stay readable'],
    'the sign-in of a host product': ['wire/host-sign-in.test.ts', 'is a user at first sight, with the name and address of the claims, though registration is closed'],
    'a key for the product’s backend': ['wire/server-key.test.ts', 'creates chats and sends through the same mutations, without limit; the others see the user do it'],
    'rate limits': ['wire/rate-limits.test.ts', 'does nothing and says when to come again, over HTTP and WebSocket alike'],
    'blocking': ['wire/blocks.test.ts', 'is closed to both, and opens again'],
  },
  chats: {
    'a direct chat, found rather than doubled': ['wire/history.test.ts', 'titles a direct chat by the other person, and finds it instead of making a second'],
    'a group': ['wire/groups.test.ts', 'has the name and description that it was given'],
    'a picture of a group': ['files/avatars.test.ts', 'a group has one that its members see, and those who have its invite'],
    'joining by an invite': ['wire/invites.test.ts', 'shows whoever has it what it leads into, and lets them in'],
    'adding people': ['wire/groups.test.ts', 'grows by those who are added, each once, and they read only what comes then'],
    'removing people': ['wire/groups.test.ts', 'shrinks by those who are removed: to them the group does not exist any more'],
    'leaving, with a handover': ['wire/groups.test.ts', 'is handed over by its last owner: to the admin who is there for longest, before any member'],
    roles: ['wire/roles.test.ts', 'steps back once there is another, and is an owner no more'],
    'my chats, the latest first': ['wire/history.test.ts', 'has the newest activity first and pages by it'],
    'the last message and what is unread': ['wire/history.test.ts', 'tells the last message and what is unread, exactly'],
    'deleting a direct chat for oneself': ['wire/groups.test.ts', 'that somebody deletes leaves their list with its history, and the other’s stays as it is'],
    'ending a group for all': ['wire/groups.test.ts', 'that its owner ends is over for all'],
    'muting, archiving and pinning': ['wire/chat-settings.test.ts', 'is theirs alone, and what is left out stays as it is'],
    'filters in the list': ['wire/chat-list.test.ts', 'are counted and paged within a filter'],
    'who is there in a chat': ['wire/online.test.ts', 'of a chat, in the order of their names'],
    'groups of five thousand': ['wire/large-groups.test.ts', 'it has as many members as were added, in pages without a gap or a repeat'],
  },
  messages: {
    'sending to a chat': ['wire/chat.test.ts', 'two people sign up, write, and see each other’s messages live'],
    'sending to a person': ['wire/history.test.ts', 'a message to somebody new makes the chat in the same step, once for both'],
    'sending over the socket': ['clients/graphql-ws.test.ts', 'alice writes over the socket, and bob hears it by both subscriptions'],
    'places': ['wire/locations.test.ts', 'a place is told with its name and address, or by its coordinates alone, with a text or without'],
    'a history in pages, both ways and around a message': ['wire/history.test.ts', 'centres on a message, and moves inward at the ends'],
    'editing, with what it said before': ['wire/edits.test.ts', 'keeps what it said before, oldest first, each with when it was written'],
    'deleting, to a tombstone': ['wire/edits.test.ts', 'has lost everything that it said and that was said of it'],
    'replies that survive what they answer': ['wire/history.test.ts', 'keeps its place when messages are deleted: tombstones stay, and replies still name them'],
    reactions: ['wire/reactions.test.ts', 'shows what it was given, in the order in which each kind first came, and to each what they gave'],
    mentions: ['wire/mentions.test.ts', 'members of the chat, in any case, and nobody else'],
    forwards: ['wire/forwards.test.ts', 'says what the original says now, in the name of who forwards it'],
    pins: ['wire/pins.test.ts', 'the pinned messages of a group are shown to all its members, the newest pin first'],
    'read marks': ['wire/chat-list.test.ts', 'is what others wrote above the read mark and did not delete, exactly as the count says'],
    'receipts and the status that follows': ['wire/receipts.test.ts', 'go from sent to delivered to read, by the last of the others'],
    'search in messages': ['wire/search.test.ts', 'what is looked for'],
    'kept whatever dies': ['process/crash.test.ts', 'kill -9 of %s during sends: the next start has all that was acknowledged, nothing twice'],
  },
  files: {
    'pictures, films, voice and documents in a message, with a caption': ['files/attachments.test.ts', 'has them in the order in which they were given, and the text as their caption'],
    'uploads that go on where they broke off': ['files/uploads.test.ts', 'an upload in parts goes on where it was, and tells how far it has come'],
    'parts of a file, as players ask for them': ['files/uploads.test.ts', 'a part of a file, and none where nothing changed'],
    'pictures upright, cleaned and small': ['files/pictures.test.ts', 'stands upright, says nothing of where it was taken, and comes with a small one'],
    'how long sound and film last': ['files/pictures.test.ts', 'sound and video tell how long they last'],
    'links for those alone who may read': ['files/attachments.test.ts', 'is each viewer’s own, and ends with what they may read'],
    'forwarded files': ['files/attachments.test.ts', 'forwarded has files of its own, which stay when the first ones go'],
    'bytes that go with the last that uses them': ['files/attachments.test.ts', 'that is deleted has none, and their bytes go'],
    'files in any S3-compatible store': ['files/uploads.test.ts', "describe.each(['disk', 's3'])"],
  },
  'real time': {
    'one stream of all chats': ['wire/events.test.ts', 'several chats come over one stream, each in its order'],
    'a state, and from there the events': ['wire/events.test.ts', 'eventCursor continues from the very answer that it came with'],
    'new messages': ['wire/events.test.ts', 'messageAdded brings the new messages of a chat, whoever sends them'],
    'changes of messages': ['wire/edits.test.ts', 'the others hear of edits and deletions, with the message as it is'],
    'changes of a message’s status': ['wire/receipts.test.ts', 'the sender hears how far the others are, and one’s own other devices too'],
    'who is online': ['wire/presence.test.ts', 'first as it is, then as it changes, over all devices'],
    'a list of those who are online': ['wire/online.test.ts', 'among all users: the viewer and their contacts'],
    typing: ['wire/presence.test.ts', 'reaches the others of the chat, and ends with the message'],
    'coming back after a cut': ['wire/events.test.ts', 'what was missed comes first and once, also after the server was restarted'],
    'the same over SSE': ['clients/graphql-sse.test.ts', 'alice writes, and bob hears it by both subscriptions'],
    'several servers': ['wire/two-servers.test.ts', 'hear of each other’s messages at once'],
    'the state and its events are a fresh fetch': ['convergence/convergence.test.ts', 'a client that fetched once and applies what it hears knows what one knows that fetches anew, when'],
  },
}

describe.each(Object.entries(FEATURES))('%s', (_part, rows) => {
  test.each(Object.entries(rows))('%s', (_feature, [file, title]) => {
    expect(readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8')).toContain(title)
  })
})
