import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { succeed } from '../support/refusal.ts'
import { fill, numberOf } from '../support/live.ts'
import { endingIn, newStorage, shows } from '../clients/recipes/world.ts'
import { EVENTS, GAP } from './tab.ts'
import type { AppEvent, Tab } from './tab.ts'
import { createWorld } from './world.ts'

const world = await createWorld()
const { alice, line, server } = world
afterEach(() => {
  world.tidy()
  vi.restoreAllMocks()
})
afterAll(() => world.close())

/** Takes back the last message of a chat, as the backup of a database does. */
async function forgetNewest(chatId: string): Promise<void> {
  const id = numberOf(chatId)
  await server.sql`delete from event where stream_id = ${id} and seq = (select head_seq from stream where id = ${id})`
  await server.sql`delete from message where chat_id = ${id} and number = (select message_no from stream where id = ${id})`
  await server.sql`update stream set message_no = message_no - 1, head_seq = head_seq - 1 where id = ${id}`
}

describe('the connection', () => {
  test('is seen to open, to be away, and to open again', async () => {
    const { chatId, tab } = await world.bob()
    await shows(() => tab.states, ['connecting', 'open'])
    line.down()
    await shows(() => tab.states.slice(2, 4), ['away', 'connecting'])
    await vi.waitFor(() => { expect(line.refused()).toBeGreaterThan(1) }, 5000)
    line.up()
    await shows(() => tab.states.at(-1), 'open')
    await alice.send(chatId, 'Back')
    await shows(() => tab.texts(), ['Back'])
    tab.parley.close()
    await shows(() => tab.parley.connection.state, 'away')
  })

  test('misses nothing over cuts and restarts of the server, and brings nothing twice', async () => {
    const { chatId, tab } = await world.bob()
    const said: string[] = []
    const say = async (text: string) => {
      said.push(text)
      await alice.send(chatId, text)
    }
    await say('Before')
    await shows(() => tab.texts(), said)
    for (const round of ['one', 'two', 'three']) {
      line.cut()
      await say(`After cut ${round}`)
      line.cut()
      await server.restart()
      await say(`After restart ${round}`)
    }
    await shows(() => tab.texts(), said)
    await say('At the end')
    await shows(() => tab.texts(), said)
    expect(tab.refetched).toEqual([])
  })

  test('a line that died silently is noticed, half open or not open at all', async () => {
    const { chatId, tab } = await world.bob({ keepAliveMs: 200 })
    await shows(() => tab.parley.connection.state, 'open')
    line.freeze()
    await alice.send(chatId, 'Are you there?')
    await shows(() => tab.texts(), ['Are you there?'])
    expect(tab.states.slice(0, 3)).toEqual(['connecting', 'open', 'away'])
  })

  test('trades a token that ended, over the socket and over HTTP', async () => {
    const { bob, chatId, tab: { parley: { close } } } = await world.bob()
    close()
    const good = bob.token ?? ''
    let token = await endingIn(2, good)
    const refused: string[] = []
    const tab = world.tabOf(bob, newStorage(), {
      token: () => Promise.resolve(token),
      onTokenRefused: (old) => {
        refused.push(old)
        token = good
      },
    })
    const short = token
    await shows(() => refused, [short])
    await shows(() => tab.parley.connection.state, 'open')
    await alice.send(chatId, 'Still there?')
    await shows(() => tab.texts(), ['Still there?'])
    token = 'void'
    tab.outbox.send({ chatId, text: 'Yes' })
    await shows(() => tab.texts(), ['Still there?', 'Yes'])
    expect(refused).toEqual([short, 'void'])
  })

  test('asks again for a token where that failed', async () => {
    let tries = 0
    const { bob, chatId, tab: { parley: { close } } } = await world.bob()
    close()
    const tab = world.tabOf(bob, newStorage(), { token: () => (tries++ < 3 ? Promise.reject(new Error('offline')) : Promise.resolve(bob.token)) })
    tab.outbox.send({ chatId, text: 'Here' })
    await shows(() => tab.outbox.all().map(({ state }) => state), ['SENT'])
    await shows(() => tab.parley.connection.state, 'open')
    expect(tab.states).toContain('away')
  })

  test('carries other subscriptions as well', async () => {
    const { chatId, tab } = await world.bob()
    const heard: unknown[] = []
    tab.parley.socket.subscribe(
      { query: `subscription { messageAdded(chatId: "${chatId}") { text } }` },
      { next: ({ data }) => heard.push(data), error: (error) => heard.push(error), complete: () => undefined },
    )
    await vi.waitFor(async () => {
      await alice.send(chatId, 'Hello?')
      expect(heard[0]).toEqual({ messageAdded: { text: 'Hello?' } })
    }, { timeout: 10_000, interval: 100 })
    // They come again as well, also where for a while nobody is there.
    line.down()
    await vi.waitFor(() => { expect(line.refused()).toBeGreaterThan(1) }, 5000)
    line.up()
    await vi.waitFor(async () => {
      await alice.send(chatId, 'Again?')
      expect(heard).toContainEqual({ messageAdded: { text: 'Again?' } })
    }, { timeout: 10_000, interval: 100 })
  })
})

describe('the feed', () => {
  test('goes on from its cursor also where the line was open before it', async () => {
    const { bob, chatId, tab } = await world.bob()
    const heard: unknown[] = []
    tab.parley.socket.subscribe({ query: `subscription { messageAdded(chatId: "${chatId}") { text } }` }, { next: ({ data }) => heard.push(data), error: () => undefined, complete: () => undefined })
    await shows(() => tab.parley.connection.state, 'open')
    tab.feed.stop()
    const { eventCursor } = await bob.ask('{ eventCursor }')
    await alice.send(chatId, 'Before you listened')
    await shows(() => heard.length, 1)
    const texts: unknown[] = []
    tab.parley.feed<AppEvent>({
      document: EVENTS,
      startAt: eventCursor as string,
      apply: ({ message }) => texts.push(message?.text),
      forget: () => undefined,
      fetch: () => Promise.resolve(),
    })
    await shows(() => texts, ['Before you listened'])
    // What was there before goes on, over the line that came anew.
    await vi.waitFor(async () => {
      await alice.send(chatId, 'Still there?')
      expect(heard).toContainEqual({ messageAdded: { text: 'Still there?' } })
    }, { timeout: 10_000, interval: 100 })
  })

  test('ends where nobody is signed in, and says why', async () => {
    const { bob, tab: { parley: { close } } } = await world.bob()
    close()
    const tab = world.tabOf(bob, newStorage(), { token: () => Promise.resolve(null) })
    await shows(() => tab.ended, [[expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAUTHENTICATED' }) as unknown })]])
  })

  test('ends where its one chat was left', async () => {
    const { bob, tab: { parley: { close } } } = await world.bob()
    close()
    const group = await alice.group('Garden', bob)
    const tab = world.tabOf(bob, newStorage(), { feed: { variables: { chatId: group } } })
    await shows(() => tab.feed.caughtUp, true)
    await succeed(bob, 'leaveChat', { chatId: group })
    await shows(() => tab.ended, [null])
    expect(tab.applied).toEqual(['ChatRemoved 2'])
  })

  test('is one at a time', async () => {
    const { tab } = await world.bob()
    const options = { document: EVENTS, apply: () => undefined, forget: () => undefined, fetch: () => Promise.resolve() }
    expect(() => tab.parley.feed(options)).toThrow('stop it first')
    tab.feed.stop()
    tab.parley.feed(options)
  })

  test('continues in the next page from the cursor that was kept', async () => {
    const { bob, chatId, storage, tab } = await world.bob({ feed: { keepCursorAs: 'cursor' } })
    await alice.send(chatId, 'Before')
    await shows(() => tab.texts(), ['Before'])
    tab.parley.close()
    await alice.send(chatId, 'Meanwhile')
    await server.restart()
    await alice.send(chatId, 'And again')
    const next = world.tabOf(bob, storage, { feed: { keepCursorAs: 'cursor' } })
    await shows(() => next.texts(), ['Meanwhile', 'And again'])
    await alice.send(chatId, 'Now')
    await shows(() => next.texts(), ['Meanwhile', 'And again', 'Now'])
  })

  test('tells while it catches up', async () => {
    const changes: boolean[] = []
    const { chatId, tab } = await world.bob({ feed: { onCaughtUp: (caughtUp) => changes.push(caughtUp) } })
    await shows(() => changes, [true])
    line.down()
    await fill(server, chatId, alice, 250)
    line.up()
    await shows(() => tab.texts().length, 250)
    await shows(() => changes, [true, false, true])
  })

  test('fetches again what cannot be continued, until it has worked, and keeps no cursor before', async () => {
    let isReachable = false
    const fetched: unknown[] = []
    const fetch = (chatIds: readonly string[] | null) => {
      fetched.push(chatIds)
      return isReachable ? Promise.resolve() : Promise.reject(new Error('offline'))
    }
    const { chatId, storage, tab } = await world.bob({ feed: { fetch, keepCursorAs: 'cursor' } })
    await alice.send(chatId, 'Before')
    await shows(() => tab.texts(), ['Before'])
    line.down()
    const kept = storage.getItem('cursor')
    await fill(server, chatId, alice, 1001)
    line.up()
    await shows(() => fetched.length >= 2, true)
    expect(fetched[0]).toEqual([chatId])
    expect(tab.refetched).toEqual([`forget ${chatId}`])
    expect(storage.getItem('cursor')).toBe(kept)
    isReachable = true
    await shows(() => storage.getItem('cursor') === tab.feed.cursor && tab.feed.cursor !== kept, true)
    await alice.send(chatId, 'After')
    await shows(() => tab.texts(), ['Before', 'After'])
    // Another body of data: everything, and numbers that were there before.
    line.down()
    await forgetNewest(chatId)
    await server.sql`update meta set epoch = gen_random_uuid()`
    line.up()
    await shows(() => fetched.at(-1), null)
    await alice.send(chatId, 'From a backup')
    await shows(() => tab.texts().at(-1), 'From a backup')
  })

  test('fetches a chat again where an event could not be applied, and goes on', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const texts: unknown[] = []
    const apply = ({ message }: { message?: { text: string | null } }) => {
      if (message?.text === 'Boom') throw new Error('no room')
      texts.push(message?.text)
    }
    const { chatId, tab } = await world.bob({ feed: { apply } })
    await shows(() => tab.feed.caughtUp, true)
    await alice.send(chatId, 'Boom')
    await alice.send(chatId, 'Fine')
    await shows(() => texts, ['Fine'])
    expect(tab.refetched).toEqual([`forget ${chatId}`, `fetch ${chatId}`])
    expect(said).toHaveBeenCalledOnce()
  })

  test('applies once more what has overtaken an answer, and nothing that it has', async () => {
    const { chatId, tab } = await world.bob()
    await alice.send(chatId, 'One')
    await shows(() => tab.texts(), ['One'])
    const HISTORY = 'query History($chatId: ID!) { chat(id: $chatId) { id seq } }'
    const held = line.delayAnswerTo('History')
    const answered = tab.feed.asking()
    const asked = tab.parley.request<{ chat: { id: string; seq: number } }, { chatId: string }>(HISTORY, { chatId })
    const release = await held
    await alice.send(chatId, 'Two')
    await alice.send(chatId, 'Three')
    await shows(() => tab.texts(), ['One', 'Two', 'Three'])
    release()
    answered([(await asked).chat])
    expect(tab.texts()).toEqual(['One', 'Two', 'Three', 'Two', 'Three'])
    const afresh = tab.feed.asking()
    afresh([(await tab.parley.request<{ chat: { id: string; seq: number } }, { chatId: string }>(HISTORY, { chatId })).chat])
    expect(tab.texts()).toHaveLength(5)
  })

  describe('where a number is missing, which the server does not let happen', () => {
    test('reads what is missing, in its place', async () => {
      const { chatId, tab } = await losing(['Two', 'Three'], { chatEvents: GAP })
      for (const text of ['One', 'Two', 'Three', 'Four', 'Five']) await alice.send(chatId, text)
      await shows(() => tab.texts(), ['One', 'Two', 'Three', 'Four', 'Five'])
      expect(tab.refetched).toEqual([])
    })

    test('fetches the chat again where that cannot be read, or nobody said how', async () => {
      const { chatId, tab } = await losing(['Two'])
      for (const text of ['One', 'Two', 'Three']) await alice.send(chatId, text)
      await shows(() => tab.texts(), ['One', 'Three'])
      expect(tab.refetched).toEqual([`forget ${chatId}`, `fetch ${chatId}`])
      const gone = await losing(['Two'], { chatEvents: GAP })
      await alice.send(gone.chatId, 'One')
      await shows(() => gone.tab.texts(), ['One'])
      line.down()
      await alice.send(gone.chatId, 'Two')
      await server.sql`delete from event where seq = 3`
      line.up()
      await alice.send(gone.chatId, 'Three')
      await shows(() => gone.tab.texts(), ['One', 'Three'])
      expect(gone.tab.refetched).toEqual([`forget ${gone.chatId}`, `fetch ${gone.chatId}`])
    })

    test('is not mistaken for coming back to a group', async () => {
      const { bob, tab } = await world.bob()
      const group = await alice.group('Garden', bob)
      await shows(() => tab.applied.at(-1), 'ChatAdded 1')
      await succeed(bob, 'leaveChat', { chatId: group })
      await alice.send(group, 'Gone')
      await succeed(alice, 'addMembers', { chatId: group, userIds: [bob.id] })
      await alice.send(group, 'Back')
      await shows(() => tab.texts(), ['Back'])
      expect(tab.refetched).toEqual([])
    })

    /** A tab over whose line the events with these texts vanish. */
    function losing(texts: string[], feed = {}): Promise<{ chatId: string; tab: Tab }> {
      class LossySocket extends WebSocket {
        constructor(url: string, protocol: string) {
          super(url, protocol)
          Object.defineProperty(this, 'onmessage', {
            set: (listener: (event: { data: string }) => void) => {
              this.addEventListener('message', ({ data }) => {
                listener({ data: without(String(data)) })
              })
            },
          })
        }
      }
      const without = (frame: string) => {
        const message = JSON.parse(frame) as { payload?: { data?: { events?: { events: { message?: { text: string } }[] } } } }
        const batch = message.payload?.data?.events
        if (batch === undefined) return frame
        batch.events = batch.events.filter((event) => !texts.includes(event.message?.text ?? ''))
        return JSON.stringify(message)
      }
      return world.bob({ webSocketImpl: LossySocket, feed })
    }
  })
})
