import { randomInt } from 'node:crypto'
import type { HostClaims, HostTokens } from '../base/host-tokens.ts'
import { AppError } from '../base/errors.ts'
import { Loaders } from '../base/loaders.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx, Ports, Viewer } from '../ctx.ts'
import { changeProfile, createUserIfFree, emailFaults, profileFaults, userByExternalId, userByLogin } from '../user/domain.ts'
import type { User } from '../user/domain.ts'

/**
 * Whom a token of the host product speaks for: the user who carries its subject, made at first sight. Null where the token is not valid, or the
 * account was deleted, which no token brings back.
 */
export async function hostViewer(ports: Ports, tokens: HostTokens, token: string): Promise<Viewer | null> {
  const claims = await tokens.verify(token)
  if (claims === null) return null
  const ctx: Ctx = { ...ports, viewer: null, client: { address: 'host product', userAgent: null, trusted: false }, loaders: new Loaders() }
  const known = await userByExternalId(ctx, claims.subject)
  const user = known ?? (await welcome(ctx, claims))
  if (user.deletedAt !== null) return null
  if (known !== null) await follow(ctx, tokens, known, claims)
  return { userId: user.id, sessionId: null, roles: user.roles, expiresAt: claims.expiresAt }
}

/** Of so many names one is free; if not, something else is wrong. */
const MAX_TRIES = 10

/** Makes the user. Of requests that come at once, here or at other servers, one makes them and the others find them. */
async function welcome(ctx: Ctx, claims: HostClaims): Promise<User> {
  const wished = usernameFrom(claims)
  const displayName = nameFrom(claims)
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const username = tries === 0 ? wished : withSuffix(wished, tries)
    const email = await freeEmailFrom(ctx, claims)
    const made = await withTransaction(ctx, (tx) => createUserIfFree(tx, { username, email, externalId: claims.subject, displayName: displayName ?? username }))
    const user = made ?? (await userByExternalId(ctx, claims.subject))
    if (made !== null) ctx.log.debug({ userId: made.id }, 'made a user of the host product')
    if (user !== null) return user
  }
  throw new Error(`none of ${MAX_TRIES} usernames was free`)
}

/** What was applied last of a user's claims, by the tokens that it was read from. */
const followed = new WeakMap<HostTokens, Map<number, { at: number; issuedAt: number }>>()
/** A profile changes at most so often: of two tokens in use at once each would have it its own way. */
const FOLLOW_MS = 60_000
const MAX_FOLLOWED = 10_000

/** Takes over a name or address that the host product has changed since; never from a token that is older than the last one. */
async function follow(ctx: Ctx, tokens: HostTokens, user: User, claims: HostClaims): Promise<void> {
  const displayName = nameFrom(claims)
  const changes: { displayName?: string; email?: string } = {}
  if (displayName !== null && displayName !== user.displayName) changes.displayName = displayName
  if (claims.email !== null && claims.email !== user.email) changes.email = claims.email
  if (Object.keys(changes).length === 0) return
  const last = followed.get(tokens) ?? new Map<number, { at: number; issuedAt: number }>()
  followed.set(tokens, last)
  const before = last.get(user.id)
  if (before !== undefined && (Date.now() - before.at < FOLLOW_MS || claims.issuedAt < before.issuedAt)) return
  if (last.size >= MAX_FOLLOWED) last.clear()
  last.set(user.id, { at: Date.now(), issuedAt: claims.issuedAt })
  if (changes.email !== undefined && (await freeEmailFrom(ctx, claims)) === null) delete changes.email
  if (Object.keys(changes).length === 0) return
  await changeProfile(ctx, user.id, changes).catch((error: unknown) => {
    // Somebody else took the address just now, or the account was deleted.
    if (!(error instanceof AppError)) throw error
  })
}

/** The address of the claims where it is one and nobody has it. */
async function freeEmailFrom(ctx: Ctx, { email }: HostClaims): Promise<string | null> {
  return email !== null && emailFaults(email).length === 0 && (await userByLogin(ctx, email)) === null ? email : null
}

function nameFrom({ name }: HostClaims): string | null {
  const text = [...(name?.trim() ?? '')].slice(0, 80).join('').trim()
  return text !== '' && profileFaults({ displayName: text }).length === 0 ? text : null
}

const MAX_USERNAME = 32

/** A username out of what another system calls the user: letters lose their accents, anything else becomes a hyphen. */
export function usernameFrom({ username, email, name }: Pick<HostClaims, 'username' | 'email' | 'name'>): string {
  const given = [username, email, name].find((text) => text?.trim()) ?? ''
  const plain = given
    // What looks like an address is called by the part before the at sign.
    .replace(/(?<=.)@.*$/s, '')
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
  const fitting = trimEnd(/^deleted-/i.test(plain) || plain.length < 2 ? `user-${plain}` : plain)
  return fitting.length < 2 ? 'user' : fitting
}

function trimEnd(name: string): string {
  return name.slice(0, MAX_USERNAME).replace(/[^A-Za-z0-9_]+$/, '')
}

/** A name like this one that is likely to be free, the likelier the more were not. */
function withSuffix(name: string, tries: number): string {
  const suffix = `-${randomInt(10 ** Math.min(3 + tries, 9))}`
  return `${name.slice(0, MAX_USERNAME - suffix.length)}${suffix}`
}
