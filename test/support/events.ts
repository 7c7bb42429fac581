import type { Stream, Untyped } from '../client.ts'

/** Reads batches of `events` until so many events came; answers them with the last cursor. */
export async function take(stream: Stream<Untyped>, count: number): Promise<{ events: Untyped[]; cursor: string }> {
  const events: Untyped[] = []
  let cursor = ''
  while (events.length < count || cursor === '') {
    const batch = (await stream.next()).events
    events.push(...batch.events)
    cursor = batch.cursor
  }
  return { events, cursor }
}

/** The same of what happened alone: how far somebody has read is state, and may be told at any time. */
export async function takeHistory(stream: Stream<Untyped>, count: number): Promise<{ events: Untyped[]; cursor: string }> {
  const events: Untyped[] = []
  let cursor = ''
  while (events.length < count) {
    const taken = await take(stream, 1)
    events.push(...taken.events.filter((event) => event.__typename !== 'ReceiptsChanged'))
    cursor = taken.cursor
  }
  return { events, cursor }
}

/** Repeats a deed until the stream, whose opening cannot be seen, brings something. */
export async function untilHeard(stream: Stream<Untyped>, deed: () => Promise<unknown>): Promise<Untyped> {
  const heard = stream.next()
  for (;;) {
    await deed()
    const answer = await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 100, null))])
    if (answer !== null) return answer
  }
}
