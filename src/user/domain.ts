import { z } from 'zod'
import { brokenUniqueIndex } from '../base/database-errors.ts'
import { Conflict, InvalidInput, NotFound } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { inOrderOf } from '../base/loaders.ts'
import type { Loader, MaybePromise } from '../base/loaders.ts'
import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { searchTextOf, searchWords, textFault } from '../base/text.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, createStream, lockStreams } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { mayGiveRoles } from './policy.ts'
import { findBlocks, findContactIds, findUserByExternalId, findUserByLogin, findUserByUsername, findUsers, insertUser, insertUserIfFree, removeInboxMarks, searchUsers, updateUser } from './store.ts'
import type { UserRow } from './store.ts'

export type User = UserRow
export type Role = User['roles'][number]
const ROLES: readonly Role[] = ['ADMIN', 'AGENT']

/** A user by id; null where there is none. */
export function loadUser(ctx: Ctx, id: number): MaybePromise<User | null> {
  const read = () => userLoader(ctx).take(id)
  return ctx.shared === undefined ? read() : ctx.shared.rows.user(id, read)
}

/** For those who have read users otherwise, and let them be known. */
export function userLoader(ctx: Ctx): Loader<number, User | null> {
  return ctx.loaders.get<number, User | null>('user', async (ids) => inOrderOf(ids, await findUsers(ctx.db, ids), (row) => row.id))
}

/** Those of these users who exist and are not deleted, read anew. */
export async function readUsers(ctx: Ctx, ids: readonly number[]): Promise<Map<number, User>> {
  const rows = await findUsers(ctx.db, ids)
  return new Map(rows.filter((row) => row.deletedAt === null).map((row) => [row.id, row]))
}

/** A user who is not deleted, by username or e-mail address; null where there is none. */
export function userByLogin(ctx: Ctx, login: string): Promise<User | null> {
  return findUserByLogin(ctx.db, login)
}

/** A user by the subject that the host product knows them by, also one who is deleted; null where there is none. */
export function userByExternalId(ctx: Ctx, externalId: string): Promise<User | null> {
  return findUserByExternalId(ctx.db, externalId)
}

/** Sets a user's roles from the machine, and tells their devices. @returns false where nobody has this username. */
export async function setRoles(ctx: Ctx, username: string, roles: Role[]): Promise<boolean> {
  const user = await findUserByUsername(ctx.db, username)
  if (user === null) return false
  await withTransaction(ctx, async (tx) => giveRoles(tx, (await lockStreams(tx, [user.id])).get(user.id), { roles, actorId: null }))
  return true
}

/** Sets a user's roles, and tells their devices: the deed of an admin. */
export async function setUserRoles(ctx: Ctx, userId: number, roles: Role[]): Promise<User> {
  const viewer = viewerOf(ctx)
  return withTransaction(ctx, async (tx) => {
    const streams = await lockStreams(tx, [viewer.userId, userId])
    const users = await readUsers(tx, [viewer.userId, userId])
    // Asked behind the lock: of two admins who take each other's role only one may.
    const refusal = mayGiveRoles(users.get(viewer.userId))
    if (refusal !== null) throw refusal
    if (!users.has(userId)) throw new NotFound('No such user.', ['userId'])
    await giveRoles(tx, streams.get(userId), { roles, actorId: viewer.userId })
    return firstOf(await findUsers(tx.db, [userId]))
  })
}

async function giveRoles(tx: Ctx, stream: StreamHead | undefined, change: { roles: Role[]; actorId: number | null }): Promise<void> {
  if (stream === undefined) throw new Error('a user always has a stream')
  const [before] = await findUsers(tx.db, [stream.id])
  const answers = change.roles.includes('AGENT')
  // One interval for all chats with people outside, from the grant on: what is read of them from here on is another list of chats.
  const turned = answers !== (before?.roles.includes('AGENT') ?? false)
  await updateUser(tx.db, stream.id, { roles: ROLES.filter((role) => change.roles.includes(role)), ...(turned ? { agentSince: answers ? new Date() : null } : {}) })
  if (turned && !answers) await removeInboxMarks(tx.db, stream.id)
  if (turned) await appendOne(tx, stream, { kind: EventKind.INBOX_CHANGED, actorId: change.actorId, refId: stream.id })
  await appendOne(tx, stream, { kind: EventKind.PROFILE_CHANGED, actorId: change.actorId, refId: stream.id })
}

/** A user who is not deleted, by the name in any case; null where there is none. */
export function userByUsername(ctx: Ctx, username: string): Promise<User | null> {
  return textFault(username, { min: 1, max: 100 }) === null ? findUserByUsername(ctx.db, username) : Promise.resolve(null)
}

export interface UserFilter {
  /** Beginnings of words in the names, or a whole e-mail address. */
  search: string | null
  role: 'ADMIN' | 'AGENT' | null
  /** Only those who are there, as far as the viewer may see that. */
  online: boolean
}

/** The key by which people are listed: in the order of their usernames. */
export const nameKey = (user: User) => user.username.toLowerCase()

/** A shorter word is like too many. */
const mayBeMisspelt = (words: readonly string[]) => words.length > 0 && words.every((word) => word.length >= 4)

/** People by their names or address, role and presence. Where nobody's name begins as the search does, those whose names are like it. */
export async function listUsers(ctx: Ctx, filter: UserFilter, request: PageRequest<string>): Promise<Page<User, string>> {
  const text = filter.search?.trim() ?? ''
  const email = text.includes('@') && textFault(text, { min: 1, max: 254 }) === null ? text.toLowerCase() : null
  const words = email === null ? searchWords(text).slice(0, 10) : []
  // A search that holds hardly a letter or digit asks for something, and nothing fits it.
  if (text !== '' && email === null && words.join('').length < 2) return pageOf<User, string>(request, [], nameKey)
  const there = filter.online ? { viewerId: viewerOf(ctx).userId, among: await connectedContacts(ctx) } : null
  const page = { after: request.cursor, backward: request.backward, limit: request.limit + 1 }
  const search = { words, misspelt: false, email, role: filter.role, there, ...page }
  const rows = await searchUsers(ctx.db, search)
  if (rows.length > 0 || !mayBeMisspelt(words)) return pageOf(request, rows, nameKey)
  // Nobody on this page. Where nobody at all has such a name, it may be misspelt; then all its pages are of those.
  const [anybody] = await searchUsers(ctx.db, { ...search, role: null, there: null, after: null, backward: false, limit: 1 })
  return pageOf(request, anybody === undefined ? await searchUsers(ctx.db, { ...search, misspelt: true }) : rows, nameKey)
}

/** Those who share a chat with the viewer, and the viewer, as far as they are connected. */
async function connectedContacts(ctx: Ctx): Promise<number[]> {
  const viewer = viewerOf(ctx)
  const contacts = new Set(await findContactIds(ctx.db, viewer.userId)).add(viewer.userId)
  return [...(await ctx.presence.states([...contacts])).keys()]
}

/** Those of these users who have blocked the viewer: whoever brings people into a chat finds them as little as users who do not exist. */
export async function blockersAmong(ctx: Ctx, userIds: readonly number[]): Promise<Set<number>> {
  const viewer = viewerOf(ctx)
  return new Set((await findBlocks(ctx.db, viewer.userId, userIds)).map((block) => block.userId).filter((id) => id !== viewer.userId))
}

export interface ProfileInput {
  username?: string | null
  displayName?: string | null
  bio?: string | null
  email?: string | null
}

/** What is wrong with a change of a profile, in which only the bio can be cleared. */
export function profileChangeFaults(input: ProfileInput): AppError[] {
  const cleared = (['username', 'displayName', 'email'] as const).filter((field) => input[field] === null)
  return [...cleared.map((field) => new InvalidInput(`${field} cannot be cleared.`, [field])), ...profileFaults(input), ...(input.email == null ? [] : emailFaults(input.email))]
}

/** Changes what is given of a profile, and tells the user's devices; the values must have passed {@link profileChangeFaults}. */
export async function changeProfile(ctx: Ctx, userId: number, input: ProfileInput): Promise<User> {
  return withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [userId])).get(userId)
    if (stream === undefined) throw new Error('a user always has a stream')
    const before = firstOf(await findUsers(tx.db, [userId]))
    // A tombstone stays one, whoever is late.
    if (before.deletedAt !== null) throw new NotFound('No such user.')
    const username = input.username ?? before.username
    const displayName = input.displayName?.trim() ?? before.displayName
    const { bio = before.bio, email } = input
    await uniquely(() => updateUser(tx.db, userId, { username, displayName, bio, email: email ?? before.email, searchText: searchTextOf(username, displayName) }))
    await appendOne(tx, stream, { kind: EventKind.PROFILE_CHANGED, actorId: userId, refId: userId })
    return firstOf(await findUsers(tx.db, [userId]))
  })
}

/** Notes which picture is a user's; whoever calls it holds the lock of their stream, and has told their devices. */
export function setAvatar(tx: Ctx, userId: number, avatarId: number | null): Promise<void> {
  return updateUser(tx.db, userId, { avatarId })
}

function firstOf(rows: readonly User[]): User {
  const [row] = rows
  if (row === undefined) throw new Error('the row of a user is never removed')
  return row
}

/** Makes a user with a stream of their own; the values must have passed {@link profileFaults} and {@link emailFaults}. */
export async function createUser(tx: Ctx, values: { username: string; email: string; displayName: string; roles: Role[]; externalId: string | null }): Promise<User> {
  const user = await uniquely(() => insertUser(tx.db, { ...values, searchText: searchTextOf(values.username, values.displayName) }))
  await createStream(tx, user.id)
  return user
}

/** The same for somebody who does not sign up by themselves, such as whom the host product knows by this subject; null where the subject, the name or the address was taken just now. */
export async function createUserIfFree(tx: Ctx, values: { username: string; email: string | null; displayName: string; externalId: string | null }): Promise<User | null> {
  const user = await insertUserIfFree(tx.db, { ...values, searchText: searchTextOf(values.username, values.displayName) })
  if (user !== null) await createStream(tx, user.id)
  return user
}

const USERNAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/

/** What is wrong with the given parts of a profile. */
export function profileFaults(input: ProfileInput): AppError[] {
  const faults: AppError[] = []
  const check = (field: keyof ProfileInput, limits: { min: number; max: number }) => {
    const value = input[field]
    const fault = typeof value === 'string' ? textFault(value, limits) : null
    if (fault !== null) faults.push(new InvalidInput(`${field} ${fault}.`, [field]))
    return fault === null
  }
  if (check('username', { min: 2, max: 32 }) && typeof input.username === 'string') {
    if (!USERNAME.test(input.username)) faults.push(new InvalidInput('username may hold letters a to z, digits, dots, hyphens and underscores, and begins and ends with a letter or digit.', ['username']))
    else if (/^deleted-/i.test(input.username)) faults.push(new InvalidInput('username must not begin with "deleted-".', ['username']))
  }
  check('displayName', { min: 1, max: 80 })
  check('bio', { min: 0, max: 500 })
  return faults
}

export function emailFaults(email: string): AppError[] {
  return z.email().max(254).safeParse(email).success ? [] : [new InvalidInput('email must be an e-mail address.', ['email'])]
}

/** A subject of the host product is any text of reasonable length. */
export function externalIdFaults(externalId: string): AppError[] {
  const fault = textFault(externalId, { min: 1, max: 255 })
  return fault === null ? [] : [new InvalidInput(`externalId ${fault}.`, ['externalId'])]
}

export const usernameTaken = () => new Conflict('This username is taken.', ['username'])
export const emailTaken = () => new Conflict('This e-mail address has an account already.', ['email'])
export const externalIdTaken = () => new Conflict('This externalId has an account already.', ['externalId'])

/** Runs a statement that may break the uniqueness of a name or address, and says which. */
async function uniquely<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const constraint = brokenUniqueIndex(error)
    if (constraint === 'users_username') throw usernameTaken()
    if (constraint === 'users_email') throw emailTaken()
    if (constraint === 'users_external_id') throw externalIdTaken()
    throw error
  }
}
