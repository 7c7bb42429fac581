import type { Outcome, Turn } from './rounds.ts'
import type { RawWebSocket } from './websocket.ts'

/** Sockets that all get each message, and a way to send one. */
export interface Audience {
  size: number
  /** Sends one; it reaches all. */
  push(failed: (error: Error) => void): void
  /** Is called with each socket that has got so many more. */
  onMessages: (socket: number, count: number) => void
  onFault: (error: Error) => void
  end(): void
}

/** Sends so many at once, and the next one whenever one has reached everybody; ends when nothing is under way any more. */
export async function broadcasts(turn: Turn, audience: Audience, inFlight: number): Promise<Outcome> {
  turn.begin()
  const began = performance.now()
  /** How many messages each socket has got, and how many sockets each message has reached. */
  const got = new Int32Array(audience.size)
  const reached: number[] = []
  const pushedAt: number[] = []
  const latencies: number[] = []
  let ops = 0
  await new Promise<void>((resolve, reject) => {
    const push = () => {
      reached.push(0)
      pushedAt.push(performance.now())
      audience.push(reject)
    }
    audience.onFault = reject
    audience.onMessages = (socket, count) => {
      ops += count
      for (let i = 0; i < count; i++) {
        const nth = got[socket] as number
        got[socket] = nth + 1
        if (nth >= pushedAt.length) reject(new Error('more came than was sent'))
        const many = (reached[nth] ?? 0) + 1
        reached[nth] = many
        if (many < audience.size) continue
        const now = performance.now()
        latencies.push(now - (pushedAt[nth] ?? 0))
        if (now - began < turn.ms) push()
        else if (latencies.length === pushedAt.length) resolve()
      }
    }
    for (let i = 0; i < inFlight; i++) push()
  })
  return { ops, seconds: (performance.now() - began) / 1000, latencies }
}

const NUMBER = Buffer.from('"number":')

/** Sockets whose messages are counted by what each has in it once, and not looked at any further. */
export function countingAudience(sockets: readonly RawWebSocket[], push: Audience['push'], end: () => void, mark = NUMBER): Audience {
  const audience: Audience = {
    size: sockets.length,
    push,
    onMessages: () => undefined,
    onFault: (error) => { throw error },
    end() {
      end()
      for (const socket of sockets) socket.end()
    },
  }
  for (const [n, socket] of sockets.entries()) {
    socket.onClose = (reason) => { audience.onFault(new Error(reason)) }
    socket.onMessage = (data, start, end) => {
      // As much work as there is with one of ours.
      const frame = start === 0 && end === data.length ? data : data.subarray(start, end)
      let count = 0
      for (let at = frame.indexOf(mark); at >= 0; at = frame.indexOf(mark, at + 100)) count += 1
      if (count > 0) audience.onMessages(n, count)
    }
  }
  return audience
}
