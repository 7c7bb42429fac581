import type { ExecutionResult } from 'graphql'
import { expect } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import type { TestServer } from '../harness.ts'

/** What each mutation answers besides its errors; null with an error. */
const VALUES = {
  register: 'user { id } accessToken accessTokenExpiresAt refreshToken',
  login: 'user { id } accessToken accessTokenExpiresAt refreshToken',
  refreshSession: 'user { id } accessToken accessTokenExpiresAt refreshToken',
  revokeSession: 'revokedSessionId',
  changePassword: 'user { username }',
  updateProfile: 'user { username displayName }',
  setUserRoles: 'user { username roles }',
  setPresence: 'user { presence { state availability statusText } }',
  blockUser: 'user { username }',
  unblockUser: 'user { username }',
  createUpload: 'upload { attachmentId url method headers { name value } expiresAt }',
  createDirectChat: 'chat { id } created',
  createGroupChat: 'chat { id }',
  sendMessage: 'message { id text } duplicate',
  editMessage: 'message { id text revision }',
  deleteMessage: 'message { id deletedAt }',
  addReaction: 'message { id reactions { emoji count viewerReacted } }',
  removeReaction: 'message { id reactions { emoji count viewerReacted } }',
  pinMessage: 'message { id pinnedAt }',
  unpinMessage: 'message { id pinnedAt }',
  markRead: 'chat { unreadCount }',
  markDelivered: 'chat { id }',
  deleteAccount: 'deletedUserId',
  setTyping: '',
  updateChat: 'chat { id title description }',
  addMembers: 'chat { id memberCount }',
  removeMember: 'chat { id memberCount }',
  setMemberRole: 'chat { id } member { id role }',
  createInvite: 'chat { id } invite { code url createdAt }',
  revokeInvite: 'chat { id invite { code } }',
  joinChat: 'chat { id title memberCount }',
  leaveChat: 'chatId',
  deleteChat: 'deletedChatId',
  startWhatsAppChat: 'chat { id title } created',
  sendTemplate: 'message { id kind text status } duplicate',
  assignChat: 'chat { id whatsapp { assignee { username } } }',
  retryMessage: 'message { id status failure { code } }',
  replayWhatsAppDelivery: 'delivery { id state }',
  updateChatSettings: 'chat { id viewerMember { mutedUntil archived pinned } }',
}
export type MutationName = keyof typeof VALUES

/** The document of a mutation, with its whole answer; `more` are fields besides. */
export function mutation(name: MutationName, more = ''): string {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`
  return `mutation ($input: ${type}!) { ${name}(input: $input) { ${VALUES[name]} ${more} errors { __typename code path message } } }`
}

/** One error of a payload, as it must come. */
export interface Fault {
  __typename: string
  code: string
  path: string[] | null
  message: string
}

const fault = (__typename: string, code: string) => (path: string[] | null, message: string): Fault => ({ __typename, code, path, message })
export const invalid = fault('InvalidInput', 'INVALID_INPUT')
export const notFound = fault('NotFound', 'NOT_FOUND')
export const notAllowed = fault('NotAllowed', 'NOT_ALLOWED')
export const conflict = fault('Conflict', 'CONFLICT')
export const wrongCredentials = fault('InvalidCredentials', 'INVALID_CREDENTIALS')

/** Runs a mutation that must succeed; answers its payload without the errors. */
export async function succeed(client: Client, name: MutationName, input: object): Promise<Untyped> {
  const { errors, ...value } = (await client.ask(mutation(name), { input }))[name]
  expect(errors).toEqual([])
  return value
}

/** Runs a mutation over HTTP and over WebSocket: both answer exactly these faults and no value, and nothing was written. */
export async function expectRefused(server: TestServer, client: Client, name: MutationName, input: object, ...faults: Fault[]): Promise<void> {
  const document = mutation(name)
  const before = await contentOf(server)
  const overHttp = await client.request(document, { input })
  const overSocket = await client.subscribe(document, { input }).result()
  expect(overHttp.status).toBe(200)
  for (const { data, errors } of [overHttp, overSocket] as ExecutionResult<Untyped>[]) {
    expect(errors).toBeUndefined()
    const { errors: told, ...value } = data[name]
    expect(told).toEqual(faults)
    expect(Object.values(value).filter((part) => part !== null)).toEqual([])
  }
  expect(await contentOf(server)).toEqual(before)
}

/** Runs a document over HTTP and over WebSocket: both answer this one error. */
export async function expectBadInput(client: Client, document: string, variables: Record<string, unknown>, message: string): Promise<void> {
  const overHttp = await client.request(document, variables)
  const overSocket = await client.subscribe(document, variables).result()
  expect(overHttp.status).toBe(200)
  for (const { data, errors } of [overHttp, overSocket]) {
    expect(errors).toEqual([{ message, extensions: { code: 'BAD_USER_INPUT' }, path: expect.any(Array), locations: expect.any(Array) }])
    expect(valuesOf(data)).toEqual([])
  }
}

/** What is left of an answer once everything null is taken away. */
function valuesOf(data: unknown): unknown[] {
  if (data === null || data === undefined) return []
  return typeof data === 'object' ? Object.values(data).flatMap(valuesOf) : [data]
}

/**
 * How many rows each table holds, and a digest of all that they say; but for when somebody was last connected, and the files that a job removes by itself
 * at any time (what comes to stand there is missing among the attachments).
 */
export async function contentOf(server: TestServer): Promise<Record<string, string>> {
  const tables = await server.sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'discarded_file' order by 1`
  const parts = tables.map(({ name }) => {
    const row = `(to_jsonb(t) - 'last_seen_at')::text`
    return `select '${name}' as name, count(*) || ' rows ' || coalesce(md5(string_agg(${row}, ' ' order by ${row})), '') as content from "${name}" as t`
  })
  const rows = await server.sql.unsafe<{ name: string; content: string }[]>(parts.join(' union all '))
  return Object.fromEntries(rows.map(({ name, content }) => [name, content]))
}

/** A global ID as the server would write it, of a thing that need not exist. */
export function globalId(type: string, ...key: number[]): string {
  return Buffer.from(`${type}:${key.join(':')}`).toString('base64url')
}
