import type { Contender } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import type { Range } from '../jobs/send.ts'

/** Peers of one job, started for it, and their end. */
export interface Peers<T = Contender[]> {
  contenders: T
  close(): Promise<void>
}

export function peersThatSend(_stage: Stage, _what: 'send' | 'hot' | 'low', _chats: Range): Promise<Peers> {
  return Promise.resolve({ contenders: [], close: () => Promise.resolve() })
}

export function peersThatFanOut(_stage: Stage, _size: number): Promise<Peers<(inFlight: number) => Contender[]>> {
  return Promise.resolve({ contenders: () => [], close: () => Promise.resolve() })
}

export function peersWithHistory(_stage: Stage): Promise<Peers> {
  return Promise.resolve({ contenders: [], close: () => Promise.resolve() })
}

export function peersThatConnect(_stage: Stage): Promise<Peers> {
  return Promise.resolve({ contenders: [], close: () => Promise.resolve() })
}
