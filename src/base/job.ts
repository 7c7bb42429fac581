import type { Logger } from 'pino'

/** Work that is done again and again beside everything else. */
export interface Job {
  /** Lets the round that is under way end, and begins no other. */
  stop(): Promise<void>
}

/**
 * Does `work` now and then every `everyMs` milliseconds, never twice at once. A long round asks `isStopped` between its parts. What fails is logged as a
 * warning with the text `failed`, and tried again in the next round.
 */
export function startJob(work: (isStopped: () => boolean) => Promise<void>, { everyMs, log, failed }: { everyMs: number; log: Logger; failed: string }): Job {
  let stopped = false
  const round = async () => {
    try {
      await work(() => stopped)
    } catch (error) {
      if (!stopped) log.warn({ err: error }, failed)
    }
  }
  let running = round()
  const timer = setInterval(() => { running = running.then(round) }, everyMs)
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}
