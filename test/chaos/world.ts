import type { Sql } from 'postgres'
import { createSecrets } from '../../src/base/secrets.ts'
import { signToken } from '../../src/auth/token.ts'
import { decodeId, encodeId } from '../../src/base/id.ts'
import type { Random } from './random.ts'

/** Who takes part. Everything that worker processes need to know. */
export interface World {
  users: { id: number; token: string }[]
  /** The user of each device, by its number. */
  devices: number[]
  groups: { id: number; owner: number; size: number }[]
}

export interface WorldSize {
  users: number
  devices: number
  chats: number
  /** Members of the largest group; the others are smaller by Zipf's law, down to 2. */
  largest: number
}

export const SECRET_KEY = 'a secret key for chaos, long enough to be one'

/** Makes the accounts past the API, since passwords take their time on purpose, and the groups through it. `prefix` begins the users' names. */
export async function makeWorld(sql: Sql, url: string, size: WorldSize, random: Random, prefix = ''): Promise<World> {
  const secrets = createSecrets({ secretKey: SECRET_KEY, algorithm: 'HS256', expiresInMinutes: 1440, serverKey: null })
  const rows = await sql<{ id: number }[]>`
    insert into users (username, display_name, search_text) select ${prefix}::text || 'user' || i, 'User ' || i, ' user' || i from generate_series(1, ${size.users}) as i returning id`
  await sql`insert into stream (id) select id from users where id not in (select id from stream)`
  const sessions = await sql<{ id: number; user_id: number }[]>`insert into session (user_id) select unnest(${rows.map(({ id }) => id)}::bigint[]) returning id, user_id`
  const sessionOf = new Map(sessions.map((row) => [Number(row.user_id), Number(row.id)]))
  const users = await Promise.all(rows.map(async ({ id }) => ({ id: Number(id), token: (await signToken(secrets, Number(id), sessionOf.get(Number(id)) ?? 0)).token })))
  // The first ones have two devices.
  const devices = Array.from({ length: size.devices }, (_, index) => users[index % users.length]?.id ?? 0)
  const groups: World['groups'] = []
  const wanted = Array.from({ length: size.chats }, (_, index) => Math.max(2, Math.min(size.users, Math.round(size.largest / (index + 1)))))
  for (let next = 0; next < wanted.length; next += 4) {
    groups.push(...(await Promise.all(wanted.slice(next, next + 4).map((members, index) => makeGroup(url, users, members, `Group ${next + index}`, random)))))
  }
  return { users, devices, groups }
}

async function makeGroup(url: string, users: World['users'], size: number, title: string, random: Random): Promise<World['groups'][number]> {
  const shuffled = [...users]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const [a, b] = [shuffled[i], shuffled[j]]
    if (a !== undefined && b !== undefined) [shuffled[i], shuffled[j]] = [b, a]
  }
  const [owner, ...others] = shuffled
  if (owner === undefined) throw new Error('nobody is there')
  const ids = others.slice(0, size - 1).map(({ id }) => encodeId('User', id))
  const made = await ask<{ createGroupChat: { chat: { id: string } } }>(url, owner.token, 'mutation ($input: CreateGroupChatInput!) { createGroupChat(input: $input) { chat { id } } }', {
    input: { title, memberIds: ids.slice(0, 100) },
  })
  const chatId = made.createGroupChat.chat.id
  for (let next = 100; next < ids.length; next += 100) {
    await ask(url, owner.token, 'mutation ($input: AddMembersInput!) { addMembers(input: $input) { errors { message } } }', { input: { chatId, userIds: ids.slice(next, next + 100) } })
  }
  return { id: decodeId('Chat', chatId) ?? 0, owner: owner.id, size }
}

async function ask<R>(url: string, token: string, query: string, variables: object): Promise<R> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(30_000),
  })
  const { data, errors } = (await response.json()) as { data: R; errors?: unknown }
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  return data
}
