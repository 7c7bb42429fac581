import { StartError } from '../base/start-error.ts'
import { usernameFrom } from '../auth/host.ts'
import { findPassword } from '../auth/store.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { createUserIfFree, loadUser, profileFaults, userByUsername } from '../user/domain.ts'
import type { User } from '../user/domain.ts'
import type { PastPerson } from './history.ts'

/** Who of another system's people is who here, as the command was told. */
export interface Naming {
  /** Name there to username here, of an account that is there. */
  as: ReadonlyMap<string, string>
  /** Name there to username of an account that is to be made; null: one like the name. */
  create: ReadonlyMap<string, string | null>
  /** Accounts are made for all others. */
  createOthers: boolean
  /** Whoever is called as an account here is that account's owner. */
  sameNames: boolean
}

/** A person and their account: one that is there, or one to be made. */
export type Match = { person: PastPerson } & ({ user: User } | { make: string })

/**
 * Finds the account of each person. `known` are those whose messages are in the chat from an earlier time.
 * @throws {StartError} with all names that nobody has spoken for, or that contradict what is there.
 */
export async function matchPeople(ctx: Ctx, people: readonly PastPerson[], naming: Naming, known: ReadonlyMap<string, number>): Promise<Match[]> {
  const faults: string[] = []
  const open: string[] = []
  const taken = new Set<string>()
  const matches: Match[] = []
  for (const person of people) {
    const match = await matchOne(ctx, person, naming, known, taken)
    if (typeof match === 'string') faults.push(match)
    else if (match === null) open.push(person.name)
    else {
      matches.push(match)
      taken.add(('user' in match ? match.user.username : match.make).toLowerCase())
    }
  }
  if (open.length > 0) faults.push(`Nobody has said who these are here: ${open.map((name) => `"${name}"`).join(', ')}. Name them by --as "NAME=username" (an account that is there), by --create "NAME=username" (one to be made, to which nobody can sign in yet), or let --create-others make all that are left.`)
  const seen = new Map<number, string>()
  for (const match of matches) {
    if (!('user' in match)) continue
    const other = seen.get(match.user.id)
    if (other !== undefined) faults.push(`Both "${other}" and "${match.person.name}" would be ${match.user.username} here.`)
    seen.set(match.user.id, match.person.name)
  }
  if (faults.length > 0) throw new StartError(faults.join(' '))
  return matches
}

async function matchOne(ctx: Ctx, person: PastPerson, naming: Naming, known: ReadonlyMap<string, number>, taken: ReadonlySet<string>): Promise<Match | string | null> {
  const { name } = person
  const said = naming.as.get(name)
  const before = known.get(name)
  const earlier = before === undefined ? null : await loadUser(ctx, before)
  if (said !== undefined) {
    const user = await userByUsername(ctx, said)
    if (user === null) return `Nobody here is called ${said}, who is to be "${name}".`
    if (earlier !== null && earlier.id !== user.id) return `"${name}" cannot be ${said}: what they said before was brought in as ${earlier.username}'s.`
    return { person, user }
  }
  if (earlier !== null) return { person, user: earlier }
  const namesake = naming.sameNames ? await userByUsername(ctx, person.username ?? name) : null
  if (namesake !== null) return { person, user: namesake }
  if (!naming.create.has(name) && !naming.createOthers) return null
  const wished = naming.create.get(name) ?? null
  if (wished !== null) {
    const fault = profileFaults({ username: wished })[0]
    if (fault !== undefined) return `--create "${name}=${wished}": ${fault.message}`
    const user = await userByUsername(ctx, wished)
    if (user === null && !taken.has(wished.toLowerCase())) return { person, make: wished }
    return user !== null && (await isOurs(ctx, user, person)) ? { person, user } : `--create "${name}=${wished}": there is a ${wished} already. If that is the same person, say --as.`
  }
  const base = usernameFrom({ username: person.username, email: null, name }).toLowerCase()
  for (let tries = 1; ; tries++) {
    const suffix = tries === 1 ? '' : `-${tries}`
    const username = `${base.slice(0, 32 - suffix.length)}${suffix}`
    if (taken.has(username.toLowerCase())) continue
    const user = await userByUsername(ctx, username)
    if (user === null) return { person, make: username }
    if (await isOurs(ctx, user, person)) return { person, user }
  }
}

/** Whether an account looks like one that an earlier run made for this person: of their name, and nobody can sign in to it. */
async function isOurs(ctx: Ctx, user: User, person: PastPerson): Promise<boolean> {
  return user.displayName === shownName(person) && user.email === null && user.externalId === null && (await findPassword(ctx.db, user.id)) === null
}

/** What they are called, of a length that a profile takes. */
function shownName({ displayName, name }: PastPerson): string {
  const text = [...displayName.replace(/\p{C}/gu, ' ').trim()].slice(0, 80).join('').trim()
  return text === '' ? name.slice(0, 80) : text
}

/** Makes the accounts that are to be made, to which nobody can sign in: they have no password, no address and nobody else's word. Answers who everybody is. */
export async function makeAccounts(ctx: Ctx, matches: readonly Match[]): Promise<Map<string, User>> {
  return withTransaction(ctx, async (tx) => {
    const users = new Map<string, User>()
    for (const match of matches) {
      const user = 'user' in match ? match.user : await createUserIfFree(tx, { username: match.make, email: null, externalId: null, displayName: shownName(match.person) })
      if (user === null) throw new StartError(`Somebody has just taken the username ${'make' in match ? match.make : ''}: run this again.`)
      users.set(match.person.name, user)
    }
    return users
  })
}
