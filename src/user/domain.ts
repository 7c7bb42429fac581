import { z } from 'zod'
import { brokenUniqueIndex } from '../base/database-errors.ts'
import { Conflict, InvalidInput, throwFaults } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { inOrderOf } from '../base/loaders.ts'
import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { searchWords, textFault } from '../base/text.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, createStream, lockStreams } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { findBlocks, findContactIds, findUserByLogin, findUserByUsername, findUsers, insertUser, searchUsers, updateUser } from './store.ts'
import type { UserRow } from './store.ts'

export type User = UserRow

/** A user by id; null where there is none. */
export async function loadUser(ctx: Ctx, id: number): Promise<User | null> {
  return ctx.loaders.get<number, User | null>('user', async (ids) => inOrderOf(ids, await findUsers(ctx.db, ids), (row) => row.id)).load(id)
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

/** Sets a user's roles, and tells their devices. @returns false where nobody has this username. */
export async function setRoles(ctx: Ctx, username: string, roles: ('ADMIN' | 'AGENT')[]): Promise<boolean> {
  const user = await findUserByUsername(ctx.db, username)
  if (user === null) return false
  await withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [user.id])).get(user.id)
    await updateUser(tx.db, user.id, { roles })
    if (stream !== undefined) await appendOne(tx, stream, { kind: EventKind.PROFILE_CHANGED, actorId: null, refId: user.id })
  })
  return true
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

/** People by their names or address, role and presence. */
export async function listUsers(ctx: Ctx, filter: UserFilter, request: PageRequest<string>): Promise<Page<User, string>> {
  const text = filter.search?.trim() ?? ''
  const email = text.includes('@') && textFault(text, { min: 1, max: 254 }) === null ? text.toLowerCase() : null
  const words = email === null ? searchWords(text).slice(0, 10) : []
  // A search that holds no letter or digit asks for something, and nothing fits it.
  if (text !== '' && email === null && words.length === 0) return pageOf<User, string>(request, [], nameKey)
  const there = filter.online ? { viewerId: viewerOf(ctx).userId, among: await connectedContacts(ctx) } : null
  const rows = await searchUsers(ctx.db, { words, email, role: filter.role, there, after: request.cursor, backward: request.backward, limit: request.limit + 1 })
  return pageOf(request, rows, nameKey)
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
}

/** Changes what is given of the viewer's profile; a bio of null clears it. */
export async function updateProfile(ctx: Ctx, input: ProfileInput): Promise<User> {
  const viewer = viewerOf(ctx)
  const faults: AppError[] = []
  if (input.username === null) faults.push(new InvalidInput('username cannot be cleared.', ['username']))
  if (input.displayName === null) faults.push(new InvalidInput('displayName cannot be cleared.', ['displayName']))
  faults.push(...profileFaults(input))
  throwFaults(faults)
  return withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [viewer.userId])).get(viewer.userId)
    const [before] = await findUsers(tx.db, [viewer.userId])
    if (stream === undefined || before === undefined) throw new Error('a viewer always has a row and a stream')
    const username = input.username ?? before.username
    const displayName = input.displayName?.trim() ?? before.displayName
    await uniquely(() => updateUser(tx.db, viewer.userId, { username, displayName, ...(input.bio === undefined ? {} : { bio: input.bio }), searchText: searchTextOf(username, displayName) }))
    await appendOne(tx, stream, { kind: EventKind.PROFILE_CHANGED, actorId: viewer.userId, refId: viewer.userId })
    const [after] = await findUsers(tx.db, [viewer.userId])
    return after ?? before
  })
}

/** Makes a user with a stream of their own; the values must have passed {@link profileFaults} and {@link emailFaults}. */
export async function createUser(tx: Ctx, values: { username: string; email: string; displayName: string; roles: ('ADMIN' | 'AGENT')[] }): Promise<User> {
  const user = await uniquely(() => insertUser(tx.db, { ...values, searchText: searchTextOf(values.username, values.displayName) }))
  await createStream(tx, user.id)
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

/** Each word after a space, so that a search for the beginning of a word finds it behind one. */
function searchTextOf(username: string, displayName: string): string {
  return searchWords(username, displayName)
    .map((word) => ` ${word}`)
    .join('')
}

export const usernameTaken = () => new Conflict('This username is taken.', ['username'])
export const emailTaken = () => new Conflict('This e-mail address has an account already.', ['email'])

/** Runs a statement that may break the uniqueness of a name or address, and says which. */
async function uniquely<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const constraint = brokenUniqueIndex(error)
    if (constraint === 'users_username') throw usernameTaken()
    if (constraint === 'users_email') throw emailTaken()
    throw error
  }
}
