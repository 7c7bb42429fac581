import WebSocket from 'ws'

/** Data of a result nobody has described: the devices read few fields and check nothing of them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Data = any

/** One connection over graphql-transport-ws, spoken by hand: thousands of them fit into a process. */
export interface Line {
  /** Fails when nothing was answered in time, or the line is lost: whether it was done is not known then. */
  ask(query: string, variables: object, ms?: number): Promise<Data>
  subscribe(query: string, variables: object, onData: (data: Data) => void): void
  close(): void
  /** Stops reading, as a device that hangs. */
  hang(): void
}

export interface LineOptions {
  url: string
  token: string
  resumeAfter: string | null
  onClose: (code: number) => void
}

/** A server that says nothing for so long is gone. */
const DEAD_MS = 12_000
const PING_MS = 4_000
const CONNECT_MS = 8_000

/** Resolves once the server has let us in. */
export function openLine(options: LineOptions): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(options.url, 'graphql-transport-ws', { perMessageDeflate: false, handshakeTimeout: CONNECT_MS })
    const waiting = new Map<string, { done: (data: Data) => void; fail: (error: Error) => void; timer: NodeJS.Timeout }>()
    let onData: (data: Data) => void = () => undefined
    let id = 0
    let heard = performance.now()
    let open = false
    const send = (message: object) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
    }
    const pings = setInterval(() => {
      if (performance.now() - heard > DEAD_MS) socket.terminate()
      else send({ type: 'ping' })
    }, PING_MS)
    const patience = setTimeout(() => {
      if (!open) socket.terminate()
    }, CONNECT_MS)
    socket.on('open', () => {
      send({ type: 'connection_init', payload: { token: options.token, ...(options.resumeAfter === null ? {} : { resumeAfter: options.resumeAfter }) } })
    })
    socket.on('error', () => undefined)
    socket.on('close', (code) => {
      clearInterval(pings)
      clearTimeout(patience)
      for (const one of waiting.values()) {
        clearTimeout(one.timer)
        one.fail(new Error('lost'))
      }
      waiting.clear()
      if (open) options.onClose(code)
      else reject(new Error(`closed with ${code}`))
    })
    const line: Line = {
      ask: (query, variables, ms = 5000) =>
        new Promise((done, fail) => {
          if (socket.readyState !== WebSocket.OPEN) {
            fail(new Error('lost'))
            return
          }
          const key = String((id += 1))
          const timer = setTimeout(() => {
            waiting.delete(key)
            fail(new Error('timeout'))
          }, ms)
          waiting.set(key, { done, fail, timer })
          send({ id: key, type: 'subscribe', payload: { query, variables } })
        }),
      subscribe: (query, variables, listener) => {
        onData = listener
        send({ id: 'events', type: 'subscribe', payload: { query, variables } })
      },
      close: () => {
        socket.terminate()
      },
      hang: () => {
        clearInterval(pings)
        socket.pause()
      },
    }
    const answer = (key: string, act: (one: { done: (data: Data) => void; fail: (error: Error) => void }) => void) => {
      const one = waiting.get(key)
      if (one === undefined) return
      waiting.delete(key)
      clearTimeout(one.timer)
      act(one)
    }
    socket.on('ping', () => (heard = performance.now()))
    socket.on('message', (raw) => {
      heard = performance.now()
      const message = JSON.parse((raw as Buffer).toString()) as { type: string; id?: string; payload?: Data }
      if (message.type === 'connection_ack') {
        open = true
        clearTimeout(patience)
        resolve(line)
      } else if (message.type === 'ping') send({ type: 'pong' })
      else if (message.id === 'events') {
        // A subscription that fails or ends while we want it: come again.
        if (message.type === 'next' && message.payload.errors === undefined) onData(message.payload.data)
        else socket.terminate()
      } else if (message.type === 'next' && message.id !== undefined) {
        const { data, errors } = message.payload
        answer(message.id, (one) => {
          if (errors === undefined) one.done(data)
          else one.fail(new Error(String(errors[0]?.extensions?.code ?? errors[0]?.message)))
        })
      } else if (message.type === 'error' && message.id !== undefined) {
        answer(message.id, (one) => {
          one.fail(new Error(String(message.payload[0]?.extensions?.code ?? message.payload[0]?.message)))
        })
      }
    })
  })
}
