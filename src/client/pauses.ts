import type { Clock } from './types.ts'

const FIRST_MS = 500
const LONGEST_MS = 30_000

/** Waiting before the next try. */
export interface Pauses {
  /** Half a second after the first failure (`tries` 0), then twice as long each time, half a minute at most; never all clients at once. */
  beforeTry(tries: number): Promise<void>
  /** So many milliseconds, whatever happens. */
  exactly(ms: number): Promise<void>
  /** There is hope again: whoever waits for their next try does it now. */
  wake(): void
  /** Nobody waits any more, now or later. */
  end(): void
}

export function createPauses(clock: Clock): Pauses {
  const waiting = new Set<{ wakes: boolean; go: () => void }>()
  let ended = false

  const wait = (ms: number, wakes: boolean) =>
    new Promise<void>((resolve) => {
      if (ended) {
        resolve()
        return
      }
      const go = () => {
        callOff()
        waiting.delete(entry)
        resolve()
      }
      const entry = { wakes, go }
      const callOff = clock.after(ms, go)
      waiting.add(entry)
    })
  const release = (all: boolean) => {
    for (const entry of [...waiting]) if (all || entry.wakes) entry.go()
  }

  return {
    beforeTry: (tries) => wait(Math.min(LONGEST_MS, FIRST_MS * 2 ** tries) * (0.5 + Math.random() / 2), true),
    exactly: (ms) => wait(ms, false),
    wake: () => {
      release(false)
    },
    end: () => {
      ended = true
      release(true)
    },
  }
}
