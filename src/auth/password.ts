import { hash, verify } from '@node-rs/argon2'
import { Unavailable } from '../base/errors.ts'

/** Argon2id with 19 MiB, 2 passes, 1 lane: OWASP's first recommendation (Password Storage Cheat Sheet). */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** Each hash takes 19 MiB and a core for some 30 ms: a flood of log-ins waits here and not in the way of chats. */
const AT_ONCE = 2
/** So many wait at most, some two seconds of work; whoever comes then is told to come again. */
const MAX_WAITING = 100

let running = 0
const waiting: (() => void)[] = []

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting.length >= MAX_WAITING) throw new Unavailable('Too many people sign in just now. Try again.')
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  else running += 1
  try {
    return await work()
  } finally {
    // The place goes to the next in line, or is free.
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}

export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, OPTIONS))
}

let dummy: Promise<string> | null = null

/** Checks a password. Where there is no account (null) the same work is done, so that the time does not tell. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  dummy ??= hashPassword('nobody has this password')
  const against = stored ?? (await dummy)
  const fits = await inTurn(() => verify(against, password))
  return fits && stored !== null
}

/** Makes the hash that unknown accounts are compared with, so that the first log-in is no slower than the others. */
export async function warmUpPasswords(): Promise<void> {
  dummy ??= hashPassword('nobody has this password')
  await dummy
}
