import type { Outcome, Turn } from './rounds.ts'

/** Does one operation, checks it, and says when it is done or why it is not. */
export type Ask = (done: () => void, failed: (error: Error) => void) => void

/** Each of them again and again, one after the other, until the time is up: so as many are under way as there are. */
export async function closedLoop(turn: Turn, asks: readonly Ask[]): Promise<Outcome> {
  turn.begin()
  const began = performance.now()
  let ops = 0
  await Promise.all(asks.map((ask) => new Promise<void>((resolve, reject) => {
    const next = () => {
      if (performance.now() - began >= turn.ms) {
        resolve()
        return
      }
      ask(() => {
        ops += 1
        next()
      }, reject)
    }
    next()
  })))
  return { ops, seconds: (performance.now() - began) / 1000 }
}

/** So many a second, whether the one before is done or not, by each of them in turn. */
export async function atRate(turn: Turn, perSecond: number, asks: readonly Ask[]): Promise<Outcome> {
  turn.begin()
  const latencies: number[] = []
  const count = Math.max(1, Math.round((turn.ms / 1000) * perSecond))
  const began = performance.now()
  await new Promise<void>((resolve, reject) => {
    let started = 0
    const begin = () => {
      const at = performance.now()
      asks[started % asks.length]?.(() => {
        latencies.push(performance.now() - at)
        if (latencies.length === count) resolve()
      }, reject)
      started += 1
      if (started < count) setTimeout(begin, Math.max(0, began + (started * 1000) / perSecond - performance.now()))
    }
    begin()
  })
  return { ops: latencies.length, seconds: (performance.now() - began) / 1000, latencies }
}

/** So many at a time arrive, each anew, until the time is up. */
export async function arrivals(turn: Turn, width: number, arrive: () => Promise<void>): Promise<Outcome> {
  turn.begin()
  const began = performance.now()
  let ops = 0
  await Promise.all(Array.from({ length: width }, async () => {
    while (performance.now() - began < turn.ms) {
      await arrive()
      ops += 1
    }
  }))
  return { ops, seconds: (performance.now() - began) / 1000 }
}

/** Does something with all of them, so many at a time. */
export async function inTurns<T>(items: readonly T[], width: number, work: (item: T, index: number) => Promise<void>): Promise<void> {
  const queue = items.entries()
  await Promise.all(Array.from({ length: width }, async () => { for (const [index, item] of queue) await work(item, index) }))
}
