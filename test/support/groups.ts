import type { Client, Untyped } from '../client.ts'
import type { TestServer } from '../harness.ts'
import { succeed } from './refusal.ts'

/** Who is in a chat and as what, in the order of the list: such as `alice OWNER`. */
export async function rolesIn(viewer: Client, chatId: string): Promise<string[]> {
  const { chat } = await viewer.ask('query ($id: ID!) { chat(id: $id) { members(first: 100) { nodes { role user { username } } } } }', { id: chatId })
  return chat.members.nodes.map(({ role, user }: Untyped) => `${user.username} ${role}`)
}

/** Gives somebody a role. */
export async function appoint(owner: Client, chatId: string, role: 'OWNER' | 'ADMIN' | 'MEMBER', person: Client): Promise<void> {
  await succeed(owner, 'setMemberRole', { chatId, userId: person.id, role })
}

/** The code of a new invite. */
export async function inviteTo(manager: Client, chatId: string): Promise<string> {
  return (await succeed(manager, 'createInvite', { chatId })).invite.code
}

/** The number in a global ID. */
export function numberIn(id: string): number {
  return Number(Buffer.from(id, 'base64url').toString().split(':')[1])
}

/** Makes so many accounts behind the API, where signing up would take minutes; answers their global IDs. */
export async function crowd(server: TestServer, count: number): Promise<string[]> {
  const rows = await server.sql<{ id: number }[]>`
    with made as (
      insert into users (username, display_name, search_text)
      select 'crowd_' || n, 'Somebody ' || n, ' crowd ' || n from generate_series(1, ${count}) as n returning id
    )
    insert into stream (id) select id from made returning id`
  return rows.map(({ id }) => Buffer.from(`User:${id}`).toString('base64url'))
}

/** Adds people to a group, a hundred at a time. */
export async function addAll(manager: Client, chatId: string, userIds: readonly string[]): Promise<void> {
  for (let n = 0; n < userIds.length; n += 100) await succeed(manager, 'addMembers', { chatId, userIds: userIds.slice(n, n + 100) })
}
