import { InvalidCredentials, NotAllowed, throwFaults } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { newSecret, sha256 } from '../base/secrets.ts'
import { textFault } from '../base/text.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx, Viewer } from '../ctx.ts'
import { lockStreams } from '../event/log.ts'
import { createUser, emailFaults, emailTaken, externalIdFaults, externalIdTaken, profileFaults, readUsers, userByExternalId, userByLogin, userByUsername, usernameTaken } from '../user/domain.ts'
import type { User } from '../user/domain.ts'
import { PASSWORD, passwordFaults } from './change-password.ts'
import { hashPassword, verifyPassword } from './password.ts'
import { closeSession } from './sessions.ts'
import { findPassword, findRefreshToken, insertRefreshToken, insertSession, isFirstAccount, putPassword, useRefreshToken } from './store.ts'
import { signToken } from './token.ts'

/** What a sign-in gives. */
export interface SignedIn {
  user: User
  viewer: Viewer
  accessToken: string
  accessTokenExpiresAt: Date
  refreshToken: string
}

export interface RegisterInput {
  username: string
  email: string
  password: string
  displayName?: string | null
  /** The host product's subject for this user; only its own server says so. */
  externalId?: string | null
}

/** Makes an account and signs it in. */
export async function register(ctx: Ctx, input: RegisterInput): Promise<SignedIn> {
  const { trusted } = ctx.client
  const externalId = input.externalId ?? null
  if (!ctx.settings.registrationOpen && !trusted) throw new NotAllowed('Registration is closed on this server.')
  if (externalId !== null && !trusted) throw new NotAllowed('externalId is for the server key alone.', ['externalId'])
  const profile = { username: input.username, displayName: input.displayName }
  throwFaults([...profileFaults(profile), ...emailFaults(input.email), ...passwordFaults(input.password), ...(externalId === null ? [] : externalIdFaults(externalId))])
  throwFaults(await takenNames(ctx, input))
  const hash = await hashPassword(input.password)
  return withTransaction(ctx, async (tx) => {
    // The person who sets the server up signs up by hand.
    const roles = ctx.settings.firstIsAdmin && !trusted && (await isFirstAccount(tx.db)) ? (['ADMIN'] as const) : []
    const displayName = input.displayName?.trim() ?? input.username
    const user = await createUser(tx, { username: input.username, email: input.email, displayName, roles: [...roles], externalId })
    await putPassword(tx.db, user.id, hash)
    ctx.log.debug({ userId: user.id }, 'registered user')
    return openSession(tx, user)
  })
}

/** All that are taken, so that a person need not find out one by one. Whoever comes in between meets the unique indexes. */
async function takenNames(ctx: Ctx, input: RegisterInput): Promise<AppError[]> {
  const faults: AppError[] = []
  if ((await userByUsername(ctx, input.username)) !== null) faults.push(usernameTaken())
  if ((await userByLogin(ctx, input.email)) !== null) faults.push(emailTaken())
  if (input.externalId != null && (await userByExternalId(ctx, input.externalId)) !== null) faults.push(externalIdTaken())
  return faults
}

/** Signs in by username or e-mail address. An unknown name and a wrong password get the same answer, after the same work. */
export async function login(ctx: Ctx, input: { login: string; password: string }): Promise<SignedIn> {
  const name = input.login.trim().toLowerCase()
  await ctx.limits.take('login', name.slice(0, 254))
  // What could never be a name or a password is no reason to answer faster.
  const possible = textFault(name, { min: 1, max: 254 }) === null && input.password.length <= PASSWORD.max
  const user = possible ? await userByLogin(ctx, name) : null
  const stored = user === null ? null : await findPassword(ctx.db, user.id)
  const fits = await verifyPassword(stored, possible ? input.password : '')
  const refused = new InvalidCredentials('The login or the password is wrong.')
  if (user === null || !fits) throw refused
  await ctx.limits.reset('login', name.slice(0, 254))
  return withTransaction(ctx, async (tx) => {
    // Checking took a while: a password that was changed meanwhile opens nothing any more.
    await lockStreams(tx, [user.id])
    if ((await findPassword(tx.db, user.id)) !== stored) throw refused
    return openSession(tx, user)
  })
}

async function openSession(tx: Ctx, user: User): Promise<SignedIn> {
  const sessionId = await insertSession(tx.db, user.id, tx.client.userAgent?.slice(0, 300) ?? null)
  const refreshToken = newSecret()
  await insertRefreshToken(tx.db, sha256(refreshToken), sessionId)
  return signedIn(tx, user, sessionId, refreshToken)
}

async function signedIn(ctx: Ctx, user: User, sessionId: number, refreshToken: Buffer): Promise<SignedIn> {
  const { token, expiresAt } = await signToken(ctx.secrets, user.id, sessionId)
  return {
    user,
    viewer: { userId: user.id, sessionId, roles: user.roles, expiresAt },
    accessToken: token,
    accessTokenExpiresAt: expiresAt,
    refreshToken: refreshToken.toString('base64url'),
  }
}

/**
 * Trades a refresh token for new ones. Each is used once; a second use within 10 s gets the same successor again (an answer was lost, two tabs
 * asked at once), any other second use means that somebody has a copy: the whole session ends, live sockets too.
 */
export async function refreshSession(ctx: Ctx, refreshToken: string): Promise<SignedIn> {
  const refused = new InvalidCredentials('The refresh token is not valid (any more). Sign in again.', ['refreshToken'])
  const token = Buffer.from(refreshToken, 'base64url')
  if (token.length !== 32) throw refused
  const result = await withTransaction(ctx, async (tx) => {
    const found = await findRefreshToken(tx.db, sha256(token))
    if (found === null) return null
    // One refresh at a time per user, and the state as it is after the wait.
    await lockStreams(tx, [found.userId])
    const state = await findRefreshToken(tx.db, sha256(token))
    if (state === null || state.ended || state.expired) return null
    const user = (await readUsers(tx, [state.userId])).get(state.userId)
    if (user === undefined) return null
    // The successor is derived from the token, so that a repeat can be answered though only hashes are stored.
    const successor = tx.secrets.hmac('refresh-token', token)
    if (!state.used) {
      await useRefreshToken(tx.db, sha256(token), state.sessionId)
      await insertRefreshToken(tx.db, sha256(successor), state.sessionId)
    } else if (!state.inGrace || (await findRefreshToken(tx.db, sha256(successor)))?.used !== false) {
      await closeSession(tx, state.userId, state.sessionId)
      return null
    }
    return signedIn(tx, user, state.sessionId, successor)
  })
  if (result === null) throw refused
  return result
}
