import { chanceOf } from './chance.ts'
import type { SendRequest } from './messages.ts'

/** Which requests a rule is about. All that is given must fit; without anything it is about every message that is sent. */
export interface Match {
  /** `media`: uploads; `lookup`, `download`: of files; `read`: read marks and typing. */
  endpoint?: 'messages' | 'media' | 'lookup' | 'download' | 'read' | 'templates' | 'phone_numbers'
  phoneNumberId?: string
  /** Digits of a phone number, or a user id. */
  to?: string
  type?: string
  /** Stands in the request, as JSON. */
  contains?: string
  callbackData?: string
}

/** What happens to a request that a rule is about. */
export type Effect =
  /** Refused in Meta's shape, with the usual HTTP status of the code unless another is given. */
  | { error: number; details?: string; status?: number }
  /** Accepted, and failed later by a status. */
  | { fails: number; details?: string }
  /** The line is cut without an answer: after the message was accepted, or before. */
  | { cut: 'accepted' | 'refused' }
  /** An answer that is not Meta's: of something on the way. Whether the message was accepted is another matter. */
  | { answer: number; body: string; accepted: boolean }
  /** Answered late. */
  | { delayMs: number }
  /** Which statuses follow, in this order; none, too. */
  | { statuses: ('sent' | 'delivered' | 'read' | 'played' | 'failed')[]; code?: number }

export interface Rule {
  match?: Match
  /** Of the requests that match, this part (0 to 1), by the seed and by what is asked: the same for the same request, anew when it comes again. */
  chance?: number
  /** For so many requests, then it is over. */
  times?: number
  effect: Effect
}

/** A request as rules see it. */
export interface Asked {
  endpoint: NonNullable<Match['endpoint']>
  phoneNumberId: string | null
  send: SendRequest | null
  /** The body as JSON, or what else names the request. */
  text: string
}

/** The rules in force; of those that fit a request the latest decides. */
export class Rules {
  readonly #seed: number
  #rules: { id: number; rule: Rule; used: number; asked: Map<string, number> }[] = []
  #next = 1

  constructor(seed: number) {
    this.#seed = seed
  }

  /** Answers what ends it. */
  add(rule: Rule): () => void {
    const entry = { id: this.#next++, rule, used: 0, asked: new Map<string, number>() }
    this.#rules.unshift(entry)
    return () => { this.#rules = this.#rules.filter((other) => other !== entry) }
  }

  clear(): void {
    this.#rules = []
  }

  effectOn(asked: Asked): Effect | null {
    for (const entry of this.#rules) {
      const { id, rule, asked: counts } = entry
      if (entry.used >= (rule.times ?? Infinity) || !fits(rule.match ?? {}, asked)) continue
      const key = asked.send?.callbackData ?? asked.text
      const nth = (counts.get(key) ?? 0) + 1
      counts.set(key, nth)
      if (rule.chance !== undefined && chanceOf(this.#seed, id, key, nth) >= rule.chance) continue
      entry.used += 1
      return rule.effect
    }
    return null
  }
}

function fits(match: Match, { endpoint, phoneNumberId, send, text }: Asked): boolean {
  return (
    (match.endpoint ?? 'messages') === endpoint &&
    (match.phoneNumberId === undefined || match.phoneNumberId === phoneNumberId) &&
    (match.to === undefined || match.to === send?.to || match.to === send?.userId) &&
    (match.type === undefined || match.type === send?.type) &&
    (match.callbackData === undefined || match.callbackData === send?.callbackData) &&
    (match.contains === undefined || text.includes(match.contains))
  )
}
