import { createWriteStream } from 'node:fs'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { PASSWORD } from '../harness.ts'
import type { Client, Untyped } from '../client.ts'
import { photo, seen } from '../support/pictures.ts'
import { besides } from './files-support.ts'
import { makeFolder, refusal, run, serve } from './support.ts'

const EXPORTS = fileURLToPath(new URL('exports', import.meta.url))
const HIKE = 'WhatsApp Chat with Saturday hike.txt'

const CHATS = `{ chats(first: 10) { nodes { id kind title unreadCount memberCount messages(first: 50) { nodes {
  kind text createdAt editedAt deletedAt status location { latitude } sender { ... on User { username } } attachments { fileName kind url }
} } } } }`

async function chatsOf(client: Client): Promise<Map<string, Untyped>> {
  const { chats } = await client.ask(CHATS)
  return new Map(chats.nodes.map((chat: Untyped) => [chat.title, chat]))
}

const briefly = (chat: Untyped) => chat.messages.nodes.map((message: Untyped) => [message.createdAt, message.sender.username, message.deletedAt === null ? message.text : null])

test('what was said elsewhere is here with its people, times and files, once, whether the server runs or not', async () => {
  const cwd = await makeFolder()
  const { sql, settings } = await besides()
  const done = async (...args: string[]) => {
    const process = run('import', { cwd, settings, args })
    await process.closed()
    expect(process.stderr).toBe('')
    expect(await process.exited()).toEqual({ code: 0, signal: null })
    return process.stdout
  }
  const server = await serve({ cwd, settings })
  const [alice, bob] = [server.client(), server.client()]
  await alice.register('alice', PASSWORD)
  await bob.register('bob', PASSWORD)
  const events = alice.subscribe('subscription { events { events { __typename } } }')
  await events.next()
  await copyFile(join(EXPORTS, HIKE), join(cwd, HIKE))
  await writeFile(join(cwd, 'IMG-20240310-WA0003.jpg'), await photo())
  const hike = ['whatsapp-export', join(cwd, HIKE), '--as', 'Alice Novak=alice', '--as', 'Bob Tanaka=bob', '--zone', 'Europe/Berlin']

  // Nobody is forgotten, and a dry run changes nothing.
  expect(await refusal(run('import', { cwd, settings, args: hike }))).toEqual([
    'Nobody has said who these are here: "~ Dan". Name them by --as "NAME=username" (an account that is there), by --create "NAME=username" (one to be made, to which nobody can sign in yet), or let --create-others make all that are left.',
  ])
  expect(await done(...hike, '--create-others', '--dry-run')).toBe(`Saturday hike, into a new group: 10 messages from 2024-03-09 to 2024-03-31, 1 file; nothing of it is there yet.
  Alice Novak  is  alice  (3 messages)
  Bob Tanaka  is  bob  (5 messages; had left the group, and is no member of a new one)
  ~ Dan  is  dan, a new account to which nobody can sign in yet  (2 messages)
  left out: 4 notices of WhatsApp's own; the first is ${HIKE}, line 1
A dry run: nothing was changed.
`)
  expect(await chatsOf(alice)).toEqual(new Map())

  expect(await done(...hike, '--create-others')).toMatch(/\nSaturday hike \(\w+\): Brought in: 10 messages, 1 file\.\n$/)
  // Whoever is there sees it come as one thing.
  const told: string[] = []
  while (!told.includes('ChatAdded')) told.push(...(await events.next()).events.events.map((event: Untyped) => event.__typename as string))
  expect(told).not.toContain('MessageAdded')
  const group = (await chatsOf(alice)).get('Saturday hike')
  expect(group).toMatchObject({ kind: 'GROUP', unreadCount: 0, memberCount: 2 })
  expect(briefly(group)).toEqual([
    ['2024-03-09T08:42:00.000Z', 'alice', 'Saturday looks dry!\nRidge path\n\nor the gorge: which one?'],
    ['2024-03-09T08:44:00.000Z', 'bob', 'Which one has a café at the end? 🥐'],
    ['2024-03-09T08:44:00.000Z', 'bob', 'ok'],
    ['2024-03-09T08:44:00.000Z', 'bob', 'ok'],
    ['2024-03-09T11:05:00.000Z', 'dan', '<Media omitted>'],
    ['2024-03-09T23:30:00.000Z', 'alice', null],
    ['2024-03-10T12:15:00.000Z', 'bob', 'The train at 8:42 from platform 3'],
    ['2024-03-10T12:16:00.000Z', 'alice', 'The bridge is open again'],
    ['2024-03-10T12:17:00.000Z', 'bob', null],
    ['2024-03-31T21:59:00.000Z', 'dan', '3/9/24 was my day: [09.03.24, 09:42:00] Alice: quoted\n[09.03.24, 09:43:00] Bob: quoted too'],
  ])
  const [, , , , , deleted, edited, picture, place] = group.messages.nodes
  expect(deleted).toMatchObject({ text: null, deletedAt: '2024-03-09T23:30:00.000Z' })
  expect(edited.editedAt).toBe('2024-03-10T12:15:00.000Z')
  expect(place).toMatchObject({ kind: 'LOCATION', location: { latitude: 47.5622 } })
  expect(picture).toMatchObject({ kind: 'IMAGE', status: 'READ', attachments: [{ fileName: 'IMG-20240310-WA0003.jpg', kind: 'IMAGE' }] })
  const bytes = Buffer.from(await (await fetch(picture.attachments[0].url)).arrayBuffer())
  expect((await seen(bytes, (image) => image.metadata())).exif).toBeUndefined()
  // Bob had left there.
  expect(await chatsOf(bob)).toEqual(new Map())

  // The same once more, and then a later export of the same chat.
  expect(await done(...hike, '--create-others')).toMatch(/10 of them are there already\.\n[^]*Saturday hike: all of it is there already\.\n$/)
  expect(briefly((await chatsOf(alice)).get('Saturday hike'))).toHaveLength(10)
  await alice.send(group.id as string, 'From now on here')
  await writeFile(join(cwd, 'later.txt'), '4/2/24, 8:00\u202fAM - Alice Novak: before that')
  expect(await refusal(run('import', { cwd, settings, args: ['whatsapp-export', join(cwd, 'later.txt'), '--as', 'Alice Novak=alice', '--chat', group.id as string, '--dates', 'mdy'] }))).toEqual([
    expect.stringMatching(/^later\.txt, line 1: this message is of 2024-04-02T\S+, and people have written in the chat since \(\S+\): history goes before what is there in no chat\./),
  ])

  // A direct chat, from an iPhone, by a zip; while the server is away.
  const zip = new ZipFile()
  zip.addBuffer(Buffer.from('\u200e[09.03.24, 09:42:00] Bob: \u200eNachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.\r\n[09.03.24, 09:42:05] Alice N.: Wie geht es?\r\n\u200e[09.03.24, 09:43:00] Bob: \u200e<Anhang: 00000003-AUDIO.txt.opus>\r\n[09.03.24, 09:44:00] Alice N.: Ja\r\n'), '_chat.txt')
  zip.addBuffer(Buffer.from('no sound at all'), '00000003-AUDIO.txt.opus')
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(join(cwd, 'WhatsApp Chat - Bob.zip')))
  await server.stop()
  const direct = ['whatsapp-export', join(cwd, 'WhatsApp Chat - Bob.zip'), '--as', 'Alice N.=alice', '--as', 'Bob=bob', '--zone', 'UTC']
  expect(await done(...direct)).toContain('Brought in: 3 messages, 1 file.')
  expect(await done('chat-data', join(EXPORTS, 'chat_data.json'), '--same-names', '--create-others', '--zone', 'UTC')).toMatch(/Kitchen \(\w+\): Brought in: 3 messages, 0 files\.\nc2 \(\w+\): Brought in: 1 message, 0 files\.\n$/)
  expect(await done('chat-data', join(EXPORTS, 'chat_data.json'), '--same-names', '--create-others', '--zone', 'UTC')).toMatch(/Kitchen: all of it is there already\.\nc2: all of it is there already\.\n$/)

  const doctor = run('doctor', { cwd, settings })
  await doctor.closed()
  expect(doctor.stdout).toContain('\nNothing is wrong.\n')
  const again = await serve({ cwd, settings })
  const [back, bobBack] = [again.client(), again.client()]
  back.token = alice.token
  bobBack.token = bob.token
  const all = await chatsOf(back)
  expect([...all].map(([title, { kind, unreadCount }]) => [title, kind, unreadCount])).toEqual([['Saturday hike', 'GROUP', 0], ['Bob', 'DIRECT', 0], ['Erin Walsh', 'DIRECT', 0], ['Kitchen', 'GROUP', 0]])
  expect(briefly(all.get('Bob'))).toEqual([['2024-03-09T09:42:05.000Z', 'alice', 'Wie geht es?'], ['2024-03-09T09:43:00.000Z', 'bob', null], ['2024-03-09T09:44:00.000Z', 'alice', 'Ja']])
  expect(all.get('Bob').messages.nodes[1].attachments).toEqual([expect.objectContaining({ kind: 'FILE', fileName: '00000003-AUDIO.txt.opus' })])
  expect(briefly(all.get('Kitchen'))).toEqual([['2023-05-01T08:30:00.000Z', 'alice', 'Who has washed up?'], ['2023-05-01T08:31:00.250Z', 'erin', 'Me, again'], ['2023-05-01T08:33:20.000Z', 'bob', 'Thank you!']])
  // They go on as any other chat.
  const messageId = await bobBack.send(all.get('Kitchen').id as string, 'So do I')
  await back.ask('mutation ($input: AddReactionInput!) { addReaction(input: $input) { errors { message } } }', { input: { messageId, emoji: '👍' } })
  expect((await chatsOf(back)).get('Kitchen')).toMatchObject({ unreadCount: 1, messages: { nodes: { length: 4 } } })

  // And out again, all that one person has.
  const out = run('export', { cwd, settings, args: ['user', 'bob', '--out', 'bob'] })
  await out.closed()
  expect(out.stdout + out.stderr).toBe('All that bob has is in bob: 2 chats, 12 messages, 1 files.\n')
  const read = async (path: string) => JSON.parse(await readFile(join(cwd, 'bob', path), 'utf8')) as Untyped
  expect(await read('account.json')).toMatchObject({ format: 'parley-user', version: 1, profile: { username: 'bob', email: 'bob@example.com' }, sessions: [{ userAgent: expect.any(String) }], blocked: [] })
  const chats: Untyped[] = await read('chats.json')
  expect(chats.map(({ kind, title, members }) => [kind, title, members.length])).toEqual([['DIRECT', null, 2], ['GROUP', 'Kitchen', 3]])
  const messages: Untyped[] = await read(chats[0].path)
  expect(messages.map(({ from, text }) => [from.username, text])).toEqual([['alice', 'Wie geht es?'], ['bob', null], ['alice', 'Ja']])
  expect(await readFile(join(cwd, 'bob', messages[1].files[0].path), 'utf8')).toBe('no sound at all')
  expect((await read(chats[1].path)).at(-1)).toMatchObject({ text: 'So do I', reactions: [{ emoji: '👍', count: 1, by: ['alice'] }] })
  // Of the group that he had left, what he said himself.
  expect((await read('elsewhere.json')).map(({ from, text }: Untyped) => [from.username, text])).toEqual([
    ['bob', 'Which one has a café at the end? 🥐'], ['bob', 'ok'], ['bob', 'ok'], ['bob', 'The train at 8:42 from platform 3'], ['bob', null],
  ])
  expect(JSON.stringify([await read('account.json'), chats, messages])).not.toMatch(/argon2|hash|token/i)
  await sql.end()
})
