import { beforeAll, describe, expect, test, vi } from 'vitest'
import { EventKind } from '../../../src/event/types.ts'
import type { Client, Untyped } from '../../client.ts'
import { PASSWORD } from '../../harness.ts'
import { succeed } from '../../support/refusal.ts'
import { CLIENTS, loadApp } from './apps.ts'
import type { App, Start } from './apps.ts'
import { fill, numberOf } from '../../support/live.ts'
import { changeTokens, endingIn, expectFresh, shows, signIn, tokensOf } from './world.ts'
import type { World } from './world.ts'

/** Each client with everything that belongs to it, as an app uses it. */
export function describeInUse(world: World): void {
  test('graphcache knows of every type whether it has a key', async () => {
    const { session, storage } = await signIn(world, (await world.newcomer()).login)
    const { recipe, stop } = await (await loadApp(world.recipes, 'urql'))(`${world.line.url}/graphql`, session, storage)
    world.open.add(stop)
    const { data } = await recipe.client.query('{ me { id presence { state } } serverInfo { version } }', {}).toPromise()
    // It would have complained of the presence and of the server's info.
    expect(data).toMatchObject({ me: { presence: { state: expect.any(String) as string } }, serverInfo: {} })
  })

  describe.each(CLIENTS)('the recipe for %s', (client) => {
    let start: Start
    beforeAll(async () => {
      start = await loadApp(world.recipes, client)
    })

    test('reads a long history both ways, and around a message', async () => {
      const { bob, app, chatId } = await chatting()
      await fill(world.server, chatId, world.alice, 170)
      const screen = await app.open(chatId)
      const numbers = () => screen.messages().map(({ number }) => number as number)
      const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
      expect(numbers()).toEqual(range(121, 170))
      await screen.older()
      await shows(numbers, range(71, 170))
      await expectFresh(world, bob, app, chatId, screen)
      await screen.jump(screen.messages()[0].id)
      await shows(numbers, range(47, 96))
      expect({ older: screen.hasOlder(), newer: screen.hasNewer() }).toEqual({ older: true, newer: true })
      while (screen.hasNewer()) {
        const before = numbers().at(-1)
        await screen.newer()
        await vi.waitFor(() => { expect(numbers().at(-1)).toBeGreaterThan(before ?? 0) })
      }
      await world.alice.send(chatId, 'And on')
      await shows(() => numbers().at(-1), 171)
      while (screen.hasOlder()) {
        const before = numbers()[0]
        await screen.older()
        await vi.waitFor(() => { expect(numbers()[0]).toBeLessThan(before ?? 0) })
      }
      const shown = numbers()
      expect(shown).toEqual(range(1, shown.at(-1) ?? 0))
    })

    test('shows what happens as a fresh fetch does', async () => {
      const { alice } = world
      const { bob, app, chatId } = await chatting()
      const carol = (await world.newcomer()).bob
      await alice.send(chatId, 'One')
      const screen = await app.open(chatId)
      const messageId = await alice.send(chatId, 'Twoo')
      await alice.ask(EDIT, { input: { messageId, text: 'Two' } })
      await alice.ask(DELETE, { input: { messageId: await alice.send(chatId, 'Oops') } })
      await bob.ask('mutation { updateProfile(input: { displayName: "Robert" }) { errors { message } } }')
      await bob.send(chatId, 'From my other device')
      const group = await alice.group('Garden', bob, carol)
      await alice.send(group, 'Roses')
      const direct = await carol.directChat(bob)
      await carol.send(direct, 'It is me')
      await expectFresh(world, bob, app, chatId, screen)
      await succeed(carol, 'updateProfile', { displayName: 'Caroline' })
      const titles = () => app.chats().map(({ title }) => title as string)
      await shows(() => titles()[0], 'Caroline')
      await expectFresh(world, bob, app, chatId, screen)

      await succeed(alice, 'updateChat', { chatId: group, title: 'Orchard' })
      await shows(titles, ['Caroline', 'Orchard', 'Alice'])
      await succeed(carol, 'leaveChat', { chatId: group })
      await shows(() => app.chats()[1].memberCount, 2)
      const past = await app.open(direct)
      await succeed(carol, 'deleteAccount', { password: PASSWORD, messages: 'ERASE' })
      await shows(() => past.messages().map(({ text }) => text as string), [null])
      await shows(titles, ['Deleted account', 'Orchard', 'Alice'])
      const garden = await app.open(group)
      expect(garden.messages()).toHaveLength(1)
      await succeed(bob, 'leaveChat', { chatId: group })
      await shows(() => garden.messages(), [])
      await shows(() => app.chats().length, 2)
      await expectFresh(world, bob, app, chatId, screen)

      // Deleted from bob's own list: it is gone until somebody writes again.
      await succeed(bob, 'deleteChat', { chatId })
      await shows(titles, ['Deleted account'])
      await app.open(chatId)
      await shows(titles, ['Deleted account'])
      await alice.send(chatId, 'Still there?')
      await shows(titles, ['Alice', 'Deleted account'])
    })

    test('misses nothing and doubles nothing, whatever the line and the server do', async () => {
      const { alice, line, server } = world
      const { bob, app, chatId } = await chatting()
      const messageId = await alice.send(chatId, 'Before')
      const screen = await app.open(chatId)
      line.down()
      // Not only cut: whoever comes back at once finds nobody there.
      await vi.waitFor(() => { expect(line.refused()).toBeGreaterThan(0) }, 5000)
      await alice.send(chatId, 'Meanwhile')
      await alice.ask(EDIT, { input: { messageId, text: 'Long before' } })
      const group = await alice.group('Garden', bob)
      app.outbox.send(chatId, 'Said in a tunnel')
      expect(app.outbox.below(chatId, screen.messages())).toMatchObject([{ text: 'Said in a tunnel', state: 'SENDING' }])
      line.up()
      await shows(() => screen.messages().map(({ text }) => text as string), ['Long before', 'Meanwhile', 'Said in a tunnel'])
      expect(app.outbox.below(chatId, screen.messages())).toEqual([])
      await server.restart()
      await alice.send(group, 'After the restart')
      line.cut()
      await alice.send(chatId, 'After the cut')
      await shows(() => screen.messages().at(-1).text, 'After the cut')
      await expectFresh(world, bob, app, chatId, screen)
    })

    test('goes on when its token ends, though its clock says otherwise', async () => {
      const { bob, app, chatId, storage } = await chatting()
      const screen = await app.open(chatId)
      const short = await endingIn(2, tokensOf(storage).accessToken)
      changeTokens(storage, { accessToken: short })
      const before = world.line.count('refreshSession')
      world.line.cut()
      await shows(() => tokensOf(storage).accessToken === short, false)
      await world.alice.send(chatId, 'Still there?')
      app.outbox.send(chatId, 'Yes')
      await shows(() => screen.messages().map(({ text }) => text as string).sort(), ['Still there?', 'Yes'])
      expect(world.line.count('refreshSession') - before).toBe(1)
      await expectFresh(world, bob, app, chatId, screen)
    })

    test('says a thing once, though the answer is lost, and in its order', async () => {
      const { bob, app, chatId } = await chatting()
      const screen = await app.open(chatId)
      const before = world.line.count('SendMessage')
      const lost = world.line.loseAnswerTo('SendMessage')
      app.outbox.send(chatId, 'Once')
      app.outbox.send(chatId, 'Twice')
      await lost
      // The second waits until the first is settled.
      expect(world.line.count('SendMessage') - before).toBe(1)
      await shows(() => world.line.count('SendMessage') - before, 3)
      const everything = () => [...screen.messages(), ...app.outbox.below(chatId, screen.messages())].map(({ text }) => text as string)
      await shows(() => screen.messages().map(({ text }) => text as string), ['Once', 'Twice'])
      expect(everything()).toEqual(['Once', 'Twice'])

      // The same before the eyes of somebody who looks at it all the time.
      const seen = new Set<string>()
      const lostAgain = world.line.loseAnswerTo('SendMessage')
      app.outbox.send(chatId, 'Thrice')
      const watch = setInterval(() => seen.add(everything().join()), 1)
      await lostAgain
      await shows(() => screen.messages().at(-1).text, 'Thrice')
      await shows(() => app.outbox.below(chatId, []), [])
      clearInterval(watch)
      expect([...seen]).toEqual(['Once,Twice,Thrice'])
      await expectFresh(world, bob, app, chatId, screen)
    })

    test('keeps what the server refuses, with the reason, until it is said again or given up', async () => {
      const { bob, app, chatId } = await chatting()
      const screen = await app.open(chatId)
      const drafts = () => app.outbox.below(chatId, screen.messages())
      const member = (toSeq: number | null) => world.server.sql`update member set to_seq = ${toSeq} where user_id = ${numberOf(bob.id)} and chat_id = ${numberOf(chatId)}`
      // Not before it listens: whoever is not in a chat at that moment does not hear of it.
      await world.alice.send(chatId, 'Hi')
      await shows(() => screen.messages().length, 1)
      await member(1)
      const { clientId } = app.outbox.send(chatId, 'Hello?')
      const empty = app.outbox.send(chatId, '')
      await shows(() => drafts().map(({ state, reason }: Untyped) => [state, reason]), [['FAILED', 'No such chat.'], ['FAILED', expect.stringContaining('text')]])
      await member(null)
      app.outbox.discard(empty.clientId)
      app.outbox.retry(clientId)
      await shows(() => screen.messages().map(({ text }) => text as string), ['Hi', 'Hello?'])
      await shows(drafts, [])
    })

    test('loses nothing of what overtakes an answer', async () => {
      const { alice, line } = world
      const { bob, app, chatId } = await chatting()
      const messageId = await alice.send(chatId, 'Firts')
      const held = line.delayAnswerTo('History')
      const opening = app.open(chatId)
      const release = await held
      await alice.ask(EDIT, { input: { messageId, text: 'First' } })
      await alice.send(chatId, 'Second')
      await shows(() => app.chats()[0].lastMessage.text, 'Second')
      release()
      const screen = await opening
      await shows(() => screen.messages().map(({ text }) => text as string), ['First', 'Second'])
      await expectFresh(world, bob, app, chatId, screen)
    })

    test('keeps a chat away that was removed while an answer with it was under way', async () => {
      const { alice, line } = world
      const { bob, app, chatId } = await chatting()
      const group = await alice.group('Garden', bob)
      const titles = () => app.chats().map(({ title }) => title as string).sort()
      await shows(titles, ['Alice', 'Garden'])
      const held = line.delayAnswerTo('History')
      const opening = app.open(group)
      const release = await held
      await succeed(alice, 'removeMember', { chatId: group, userId: bob.id })
      await shows(titles, ['Alice'])
      release()
      await opening
      await expectFresh(world, bob, app, chatId, await app.open(chatId))
      expect(titles()).toEqual(['Alice'])
    })

    test('fetches again what cannot be continued: one chat, or everything', async () => {
      const { alice, line, server } = world
      const { bob, app, chatId } = await chatting()
      await alice.send(chatId, 'Before')
      const screen = await app.open(chatId)
      line.down()
      await fill(server, chatId, alice, 1001)
      const group = await alice.group('Garden', bob)
      // The first try to fetch it fails.
      const lost = line.loseAnswerTo('History')
      line.up()
      await lost
      await expectFresh(world, bob, app, chatId, screen)
      await alice.send(chatId, 'Soon forgotten')
      await shows(() => screen.messages().at(-1).text, 'Soon forgotten')
      line.down()
      await restore(chatId, 1000)
      await server.sql`update chat set title = 'Orchard' where id = ${numberOf(group)}`
      line.up()
      await shows(() => app.chats().map(({ title }) => title as string), ['Alice', 'Orchard'])
      await expectFresh(world, bob, app, chatId, screen)
      // By a number that another event had before.
      await alice.send(chatId, 'And on')
      await shows(() => screen.messages().at(-1).text, 'And on')
    })

    test('sends what an earlier page has left, and ends where the session ends', async () => {
      const { bob, app, chatId, session, storage, ended } = await chatting()
      world.line.down()
      app.outbox.send(chatId, 'Before I go')
      app.stop()
      world.line.up()
      const next = await start(`${world.line.url}/graphql`, session, storage)
      world.open.add(next.stop)
      const screen = await next.open(chatId)
      await shows(() => screen.messages().map(({ text }) => text as string), ['Before I go'])
      await expectFresh(world, bob, next, chatId, screen)
      await session.signOut()
      await shows(() => ended() > 1, true)
    })

    async function chatting(): Promise<{ bob: Client; app: App; chatId: string; session: Untyped; storage: Storage; ended: () => number }> {
      const { bob, login } = await world.newcomer()
      const { session, storage, ended } = await signIn(world, login)
      const chatId = await world.alice.directChat(bob)
      const app = await start(`${world.line.url}/graphql`, session, storage)
      world.open.add(app.stop)
      return { bob, app, chatId, session, storage, ended }
    }

    /** Puts a chat back to where it stood with its message of this number, as the backup of a database does. */
    async function restore(chatId: string, number: number): Promise<void> {
      const { sql } = world.server
      const id = numberOf(chatId)
      await sql`delete from event where stream_id = ${id} and kind = ${EventKind.MESSAGE_ADDED} and ref_id > ${number}`
      await sql`delete from message where chat_id = ${id} and number > ${number}`
      await sql`update stream set message_no = ${number}, head_seq = (select max(seq) from event where stream_id = id) where id = ${id}`
      await sql`update meta set epoch = gen_random_uuid()`
    }
  })
}

const EDIT = 'mutation ($input: EditMessageInput!) { editMessage(input: $input) { errors { message } } }'
const DELETE = 'mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { errors { message } } }'

