import type { Takeover } from './types.ts'

/** The bodies of data that were served one after another: 0 is the first, and each standby that lacked something began a new one. */
export interface Epochs {
  last: number
  /** The one that was served at this time. */
  at(t: number): number
  /** Whether what was an event of this number then is one still; what is not is lost, and its number may mean another one by now. */
  kept(epoch: number, chat: number, seq: number): boolean
}

export function epochsOf(takeovers: readonly Takeover[]): Epochs {
  return {
    last: takeovers.length,
    at: (t) => takeovers.filter(({ at }) => at < t).length,
    kept: (epoch, chat, seq) => takeovers.slice(epoch).every(({ kept }) => seq <= (kept.get(chat) ?? 0)),
  }
}
