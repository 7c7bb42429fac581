import { describe, expect, test } from 'vitest'
import type { Untyped } from '../../client.ts'
import { PASSWORD } from '../../harness.ts'
import { succeed } from '../../support/refusal.ts'
import { bare } from './apps.ts'
import { fill } from '../../support/live.ts'
import { shows, signIn } from './world.ts'
import type { World } from './world.ts'

/** The example of the ready-made helper, as an app. */
export function describeHelper(world: World): void {
  describe('the ready-made helper', () => {
    test('shows what happens, says a thing once, and comes back over a bad line', async () => {
      const { alice, line } = world
      const { bob, app, chatId, messages } = await chatting()
      await alice.send(chatId, 'One')
      await app.open(chatId)
      const messageId = await alice.send(chatId, 'Twoo')
      await succeed(alice, 'editMessage', { messageId, text: 'Two' })
      await shows(messages, ['One', 'Two'])
      const lost = line.loseAnswerTo('SendMessage')
      app.say(chatId, 'Once')
      expect(app.drafts(chatId)).toMatchObject([{ state: 'SENDING', input: { text: 'Once' } }])
      await lost
      await shows(messages, ['One', 'Two', 'Once'])
      await shows(() => app.drafts(chatId), [])
      line.down()
      app.say(chatId, 'Said in a tunnel')
      await alice.send(chatId, 'Meanwhile')
      await shows(() => app.connection.state, 'away')
      line.up()
      await shows(messages, ['One', 'Two', 'Once', 'Meanwhile', 'Said in a tunnel'])
      const { chats } = await bob.ask('{ chats(first: 50) { edges { node { id seq } } } }')
      expect(bare(app.chats()).map(({ id, seq }: Untyped) => ({ id, seq }))).toEqual(chats.edges.map(({ node }: Untyped) => node))
    })

    test('fetches again what cannot be continued, or was erased, and lets go of what was left', async () => {
      const { alice, line, server } = world
      const { bob, app, chatId, messages } = await chatting()
      await app.open(chatId)
      line.down()
      await fill(server, chatId, alice, 1001)
      line.up()
      await shows(() => messages().at(-1), 'Message 1001')
      line.down()
      await server.sql`update meta set epoch = gen_random_uuid()`
      line.up()
      await alice.send(chatId, 'From a backup')
      await shows(() => messages().at(-1), 'From a backup')
      const carol = (await world.newcomer()).bob
      const group = await carol.group('Garden', bob)
      await shows(() => app.chats()[0].id, group)
      await app.open(group)
      await carol.send(group, 'Roses')
      await shows(() => app.messages(group).length, 1)
      await succeed(carol, 'deleteAccount', { password: PASSWORD, messages: 'ERASE' })
      await shows(() => app.messages(group).map(({ text }: Untyped) => text as string), [null])
      await succeed(bob, 'leaveChat', { chatId: group })
      await shows(() => app.chats().map(({ id }: Untyped) => id as string), [chatId])
      await app.open(group)
      expect(app.messages(group)).toEqual([])
    })

    test('ends with the session', async () => {
      const { session, ended } = await chatting()
      await session.signOut()
      await shows(() => ended() > 1, true)
    })

    async function chatting() {
      const { bob, login } = await world.newcomer()
      const { session, storage, ended } = await signIn(world, login)
      const chatId = await world.alice.directChat(bob)
      const { startWithHelper } = (await world.recipes.load('helper.ts')) as Untyped
      const app = await startWithHelper(`${world.line.url}/graphql`, session, storage)
      world.open.add(app.stop)
      return { bob, app, chatId, session, ended, messages: () => app.messages(chatId).map(({ text }: Untyped) => text as string) }
    }
  })
}
