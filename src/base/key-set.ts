import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors } from 'jose'
import type { FetchImplementation, JSONWebKeySet, JWTVerifyGetKey } from 'jose'
import { Unavailable } from './errors.ts'
import type { Logger } from './log.ts'

/** So long is waited for the key set. */
const FETCH_MS = 3000
/** After a failure it is left alone for so long. */
const PAUSE_MS = 1000
/** So old it is fetched anew: a key that was withdrawn is not in it any more. */
const MAX_AGE_MS = 10 * 60_000
/** So old it is used where it cannot be fetched anew. */
const LAST_RESORT_MS = 60 * 60_000
/** Keys that it does not have lead to one look in so long: anybody can make up the name of a key. */
const UNKNOWN_MS = 30_000

/**
 * Finds the public key of a token in a key set on the web, which is fetched at first use, again after ten minutes, and at a key that it does not
 * have, because keys are changed. Throws jose's errors for a token that has no key there.
 * @throws {Unavailable} where the set cannot be had; the log is told once.
 */
export function createKeyFinder(url: URL, log: Logger): JWTVerifyGetKey {
  let failure: { error: unknown; at: number } | null = null
  let fetchedAt = 0
  let lookedAgainAt = 0

  const fetchKeys: FetchImplementation = async (...args) => {
    if (failure !== null && Date.now() - failure.at < PAUSE_MS) throw failure.error
    try {
      const response = await fetch(...args)
      if (response.status !== 200) throw new Error(`The key set was answered with status ${response.status}.`)
      // Read here, so that whatever can be wrong with it shows here.
      const text = await response.text()
      createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)
      if (failure !== null) log.info('The key set of AUTH_JWKS_URL is there again.')
      failure = null
      fetchedAt = Date.now()
      return new Response(text)
    } catch (error) {
      if (failure === null) log.error({ err: error }, 'The key set of AUTH_JWKS_URL cannot be had: the host product signs nobody in until it is there again.')
      failure = { error, at: Date.now() }
      throw error
    }
  }
  // When to fetch again is decided below.
  const set = createRemoteJWKSet(url, { timeoutDuration: FETCH_MS, cacheMaxAge: Infinity, cooldownDuration: Infinity, [customFetch]: fetchKeys })

  /** Fetches what is old. Nobody waits for a set that is known to be away while the last one still serves. */
  const keepFresh = async () => {
    const age = Date.now() - fetchedAt
    if (age < MAX_AGE_MS) return
    const reloaded = age < LAST_RESORT_MS ? set.reload().catch(() => undefined) : set.reload()
    if (failure === null || age >= LAST_RESORT_MS) await reloaded
  }
  const find: JWTVerifyGetKey = async (header, token) => {
    const before = fetchedAt
    await keepFresh()
    try {
      return await set(header, token)
    } catch (error) {
      const isNew = fetchedAt !== before
      if (isNew || !(error instanceof errors.JWKSNoMatchingKey)) throw error
      // Others who wait for the same look wait for it together.
      if (!set.reloading && failure === null) {
        if (Date.now() - lookedAgainAt < UNKNOWN_MS) throw error
        lookedAgainAt = Date.now()
      }
      await set.reload()
      return set(header, token)
    }
  }
  return async (header, token) => {
    try {
      return await find(header, token)
    } catch (error) {
      if (ABOUT_THE_TOKEN.some((type) => error instanceof type)) throw error
      throw new Unavailable('The keys that tokens are checked with cannot be had just now. Try again.')
    }
  }
}

const ABOUT_THE_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported]
