import { expect } from 'vitest'
import { hashPassword } from '../../src/auth/password.ts'
import { PASSWORD } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import type { Untyped } from '../client.ts'
import { Device } from '../support/device.ts'
import { settle } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import { mutation } from '../support/refusal.ts'
import type { MutationName } from '../support/refusal.ts'

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'] as const
export type Name = (typeof NAMES)[number]

/**
 * Who watches a deed. alice mostly does it, with another device than this one; bob is a member; carol joined late; erin was shown out before.
 * dave was away, and alice's tablet too; frank was away while he was shown out, and grace while she was shown out and let in again.
 */
export type Watcher = 'alice' | 'bob' | 'carol' | 'erin' | 'dave' | 'tablet' | 'frank' | 'grace'
const AWAY: [Watcher, Name][] = [['dave', 'dave'], ['tablet', 'alice'], ['frank', 'frank'], ['grace', 'grace']]
const LIVE = ['alice', 'bob', 'carol', 'erin'] as const

let casts = 0

/** A group with a past, direct chats of alice's, and those who watch what comes next. */
export interface Cast {
  people: Record<Name, Person>
  group: string
  /** alice and bob. */
  direct: string
  /** Messages of the group by what they say, and the one that alice wrote to bob. */
  ids: Record<'one' | 'two' | 'three' | 'four' | 'five' | 'hello', string>
  watchers: Map<Watcher, Device>
  /** Somebody does something, with a device that watches nothing; it must succeed. */
  by(name: Name, what: MutationName, input: object): Promise<Untyped>
  close(): Promise<void>
}

/** Gathers new people on a server, and lets the watchers fetch what there is. */
export async function gather(server: TestServer): Promise<Cast> {
  casts += 1
  const settled = await settle(server, NAMES.map((name) => `${name}${casts}`))
  const people = Object.fromEntries(NAMES.map((name, index) => [name, settled[index]])) as Record<Name, Person>
  const by = async (name: Name, what: MutationName, input: object) => {
    const client = server.anonymous()
    client.token = people[name].token
    const { errors, ...value } = (await client.ask(mutation(what), { input }))[what]
    expect(errors).toEqual([])
    return value
  }
  const send = async (name: Name, input: object) => (await by(name, 'sendMessage', { clientId: crypto.randomUUID(), ...input })).message.id as string
  const idsOf = (...names: Name[]) => names.map((name) => people[name].id)

  const group = (await by('alice', 'createGroupChat', { title: 'Garden', memberIds: idsOf('bob', 'dave', 'erin', 'frank', 'grace') })).chat.id as string
  const one = await send('alice', { chatId: group, text: 'one' })
  const two = await send('bob', { chatId: group, text: 'two', replyToId: one })
  await by('bob', 'addReaction', { messageId: one, emoji: '👍' })
  await by('alice', 'pinMessage', { messageId: one })
  await by('alice', 'addMembers', { chatId: group, userIds: idsOf('carol') })
  const three = await send('alice', { chatId: group, text: `three for @${people.carol.username}`, replyToId: two })
  const four = await send('carol', { chatId: group, text: 'four', replyToId: three })
  const five = await send('bob', { chatId: group, text: 'five' })
  await by('dave', 'markRead', { messageId: three })
  await by('alice', 'removeMember', { chatId: group, userId: people.erin.id })
  const hello = await send('alice', { recipientId: people.bob.id, text: 'hello' })
  const direct = (await by('alice', 'createDirectChat', { userId: people.bob.id })).chat.id as string

  const watchers = new Map<Watcher, Device>()
  for (const [watcher, name] of AWAY) {
    const device = await Device.open(server, people[name])
    await device.away()
    watchers.set(watcher, device)
  }
  for (const userId of idsOf('frank', 'grace')) await by('alice', 'removeMember', { chatId: group, userId })
  await by('alice', 'addMembers', { chatId: group, userIds: idsOf('grace') })
  for (const name of LIVE) {
    const device = await Device.open(server, people[name])
    device.listen()
    watchers.set(name, device)
  }
  return {
    people,
    group,
    direct,
    ids: { one, two, three, four, five, hello },
    watchers,
    by,
    close: async () => {
      for (const device of watchers.values()) await device.away()
    },
  }
}

/** After the deed: what each watcher has made of its events is what a fresh fetch brings. */
export async function expectConvergence({ watchers }: Cast, without: readonly Watcher[]): Promise<void> {
  for (const [watcher, device] of watchers) {
    if (without.includes(watcher)) continue
    const fresh = await device.fetchAnew()
    if (AWAY.some(([name]) => name === watcher)) {
      await device.catchUp()
      device.equals(fresh)
    } else {
      await device.reaches(fresh)
    }
  }
}

/** Gives somebody the password of all who register here. */
export async function givePassword(server: TestServer, person: Person): Promise<void> {
  await server.sql`insert into password (user_id, hash) values (${person.key}, ${await hashPassword(PASSWORD)})`
}
