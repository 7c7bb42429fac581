import type { Ctx } from '../ctx.ts'
import { leaveNextChat } from './domain.ts'

/** How often somebody looks for what a server that died left undone. */
const LOOK_AGAIN_MS = 60_000

/** A running job. */
export interface Job {
  /** Finishes the chat that is under way. */
  stop(): Promise<void>
}

/**
 * Takes accounts that were deleted out of their chats, one chat and one transaction at a time, at once after each deletion, and at the start what a
 * crash interrupted. Several servers share the work.
 */
export async function startLeavings(ctx: Ctx): Promise<Job> {
  let stopped = false
  let running: Promise<void> | null = null
  let again = false

  const work = async () => {
    do {
      again = false
      try {
        while (!stopped && (await leaveNextChat(ctx))) ctx.loaders.clear()
      } catch (error) {
        ctx.log.error({ err: error }, 'A deleted account could not be taken out of a chat; it is tried again.')
      }
    } while (again && !stopped)
  }
  const kick = () => {
    if (stopped) return
    // Asked for again while it runs: what was noted meanwhile is done as well.
    again = true
    running ??= work().finally(() => (running = null))
  }
  const unsubscribe = await ctx.bus.subscribe('leavings', kick)
  const timer = setInterval(kick, LOOK_AGAIN_MS)
  kick()
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      unsubscribe()
      await running
    },
  }
}
