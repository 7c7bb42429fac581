import { randomUUID } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { findRunning } from '../../src/db/embedded-running.ts'
import { PASSWORD } from '../harness.ts'
import { fill, numberOf } from '../support/live.ts'
import { succeed } from '../support/refusal.ts'
import { besides } from './files-support.ts'
import { makeFolder, postgresIn, run, serve } from './support.ts'

test('what must never be is found, while the server runs and while it does not', async () => {
  const cwd = await makeFolder()
  const doctor = async () => {
    const process = run('doctor', { cwd })
    await process.closed()
    expect(process.stderr).toBe('')
    return { code: (await process.exited()).code, lines: process.stdout.trimEnd().split('\n') }
  }
  const server = await serve({ cwd })
  const [alice, bob, carol] = [server.client(), server.client(), server.client()]
  for (const [client, name] of [[alice, 'alice'], [bob, 'bob'], [carol, 'carol']] as const) await client.register(name, PASSWORD)
  const [group, direct] = [await alice.group('Group', bob, carol), await alice.directChat(bob)]
  const first = await alice.send(group, 'hello @bob')
  const second = await bob.send(group, 'hello', { replyToId: first })
  await alice.send(direct, 'hello')
  await succeed(bob, 'addReaction', { messageId: first, emoji: '👍' })
  await succeed(alice, 'editMessage', { messageId: first, text: 'hello' })
  await succeed(bob, 'markRead', { messageId: second })
  await succeed(bob, 'deleteMessage', { messageId: second })
  await succeed(carol, 'leaveChat', { chatId: group })
  await succeed(alice, 'addMembers', { chatId: group, userIds: [carol.id] })
  await succeed(carol, 'deleteAccount', { password: PASSWORD })
  expect(await doctor()).toEqual({ code: 0, lines: [expect.stringMatching(/^Looked through 3 users, 2 chats, 3 messages and \d+ events\.$/), 'Nothing is wrong.'] })

  const sql = postgres((await findRunning(join(cwd, 'data'))) ?? '', { max: 1 })
  const [chat, other] = [numberOf(group), numberOf(direct)]
  await fill({ sql } as never, direct, alice, 5)
  await sql`delete from message where chat_id = ${other} and number = 3`
  await sql`delete from event where stream_id = ${other} and ref_id = 4 and kind = 10`
  await sql`update stream set head_seq = head_seq + 1 where id = ${chat}`
  await sql`update stream set message_no = message_no + 1 where id = ${chat}`
  await sql`update member set read_up_to = 50 where chat_id = ${other} and user_id = ${numberOf(bob.id)}`
  await sql`update chat set member_count = 7 where id = ${other}`
  await sql`update message set reactions = '[["👍", 2]]' where chat_id = ${chat} and number = 1`
  await sql`update message set reply_to = 77 where chat_id = ${other} and number = 2`
  await sql`update message set sender_id = 999 where chat_id = ${other} and number = 1`
  await sql`insert into message (chat_id, number, seq, body_seq, kind, created_at) values (888, 1, 1, 1, 0, now())`
  await sql`insert into event (stream_id, seq, kind) values (888, 1, 5)`
  await sql`insert into mention (user_id, chat_id, number) values (${numberOf(bob.id)}, ${chat}, 70)`
  await sql`insert into message_revision (chat_id, number, revision, at) values (${chat}, 70, 1, now())`
  await sql`insert into stream (id) values (777)`
  await sql`delete from stream where id = ${numberOf(carol.id)}`
  await sql`insert into chat (kind, title) values ('GROUP', ${randomUUID()})`
  const [made] = await sql<{ id: string }[]>`select max(id) as id from chat`
  await sql.end()

  const found = [
    expect.stringMatching(/^Looked through 3 users, 3 chats, /),
    `  1 chats without a stream: ${made?.id}`,
    `  1 users without a stream: ${numberOf(carol.id)}`,
    '  1 streams of nobody: 777',
    expect.stringMatching(/^ {2}\d+ events in no stream: /),
    `  1 streams whose newest number is not that of their newest event: ${chat}`,
    `  1 streams with holes between their events: ${other}`,
    expect.stringMatching(new RegExp(`^ {2}1 events about messages that are not there: ${other}:\\d+$`)),
    '  1 messages in no chat: 888:1',
    `  1 messages by nobody: ${other}:1`,
    `  1 messages by people who were not in the chat: ${other}:1`,
    `  1 messages that answer nothing: ${other}:2`,
    `  1 chats whose newest number is not that of their newest message: ${chat}`,
    `  1 chats with holes between their messages: ${other}`,
    `  1 chats that count their members wrong: ${other}`,
    expect.stringMatching(new RegExp(`^ {2}1 members with a mark above the newest message, .*: ${other}:${numberOf(bob.id)}$`)),
    `  1 messages whose counts of reactions are not those of the reactions: ${chat}:1`,
    `  1 mentions in messages that are not there: ${chat}:70`,
    `  1 former texts of messages that are not there: ${chat}:70`,
    expect.stringMatching(/^What stands there must never be/),
  ]
  expect(await doctor()).toEqual({ code: 1, lines: found })
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  expect(await doctor()).toEqual({ code: 1, lines: found })
  expect(await postgresIn(join(cwd, 'data'))).toBeNull()
})

test('what a server stands on is looked at too, each finding with what to do', async () => {
  const cwd = await makeFolder()
  const { sql, settings } = await besides()
  const doctor = async () => {
    const process = run('doctor', { cwd, settings: { ...settings, REDIS_URL: 'redis://127.0.0.1:1', PUBLIC_URL: '' } })
    await process.closed()
    expect(process.stderr).toBe('')
    return { code: (await process.exited()).code, lines: process.stdout.trimEnd().split('\n') }
  }
  const settled = [
    expect.stringMatching(/^ {2}Redis does not answer \(.*\): see that it runs/),
    expect.stringMatching(/^ {2}fsync is off: switch it on/),
    expect.stringMatching(/^ {2}full_page_writes is off: /),
    expect.stringMatching(/^ {2}synchronous_commit is off: /),
  ]
  const lacks = expect.stringMatching(/^ {2}The tables lack (\d+) of \1 steps: start a server of this version/) as unknown
  expect(await doctor()).toEqual({ code: 0, lines: ['Around it:', ...settled, lacks] })

  await (await serve({ cwd, settings })).stop()
  const key = 'ab'.repeat(20)
  await mkdir(join(cwd, 'data/files/ab'), { recursive: true })
  await writeFile(join(cwd, 'data/files/ab', key), 'lost')
  await utimes(join(cwd, 'data/files/ab', key), 0, 0)
  await sql`insert into attachment (state, key, file_name, mime_type, byte_size) values ('READY', ${'cd'.repeat(20)}, 'a.txt', 'text/plain', 1)`
  await sql.end()
  expect(await doctor()).toEqual({
    code: 0,
    lines: [
      'Looked through 0 users, 0 chats, 0 messages and 0 events.',
      'Nothing is wrong.',
      'Around it:',
      ...settled,
      expect.stringContaining(`1 files in ${join(cwd, 'data/files')} belong to no row (ab/${key})`),
      expect.stringContaining('1 files of 1 looked for are not in the store'),
    ],
  })
})
