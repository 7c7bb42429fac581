import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A line between clients and a server that does what lines do: it breaks, dies silently, loses and delays answers. */
export interface BadLine {
  /** The address of the server, by way of the line. */
  url: string
  /** Cuts all connections that are open now. */
  cut(): void
  /** Cuts, and lets nobody through until `up`. */
  down(): void
  up(): void
  /** How often somebody was not let through since it went down. */
  refused(): number
  /** Leaves the connections of now open, and carries nothing over them any more. */
  freeze(): void
  /** Carries the next request in which this text stands, and cuts instead of carrying its answer; resolves when it has. */
  loseAnswerTo(text: string): Promise<void>
  /** Keeps back the answer to the next request in which this text stands; resolves when it is there, with what lets it go. */
  delayAnswerTo(text: string): Promise<() => void>
  /** How many requests had this text. */
  count(text: string): number
  close(): Promise<void>
}

interface Connection {
  client: Socket
  server: Socket
  frozen: boolean
  onAnswer: ((chunk: Buffer) => void) | null
}

/** `target` answers the server's address, which may change. */
export async function startBadLine(target: () => string): Promise<BadLine> {
  const open = new Set<Connection>()
  const asked: string[] = []
  const traps: { text: string; spring: (connection: Connection) => void }[] = []
  let isUp = true
  let refused = 0

  const listener = createServer((client) => {
    if (!isUp) {
      refused++
      client.destroy()
      return
    }
    const { hostname, port } = new URL(target())
    const server = connect(Number(port), hostname)
    const connection: Connection = { client, server, frozen: false, onAnswer: null }
    open.add(connection)
    client.on('data', (chunk) => {
      if (connection.frozen) return
      notice(connection, chunk.toString())
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (connection.frozen) return
      if (connection.onAnswer === null) client.write(chunk)
      else connection.onAnswer(chunk)
    })
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      socket.on('error', () => undefined)
      socket.once('close', () => {
        other.destroy()
        open.delete(connection)
      })
    }
  })

  function notice(connection: Connection, text: string): void {
    asked.push(text)
    const index = traps.findIndex((trap) => text.includes(trap.text))
    if (index !== -1) traps.splice(index, 1)[0]?.spring(connection)
  }

  function cut(): void {
    for (const { client, server } of open) {
      client.destroy()
      server.destroy()
    }
  }

  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cut,
    down() {
      isUp = false
      refused = 0
      cut()
    },
    up() {
      isUp = true
    },
    refused: () => refused,
    freeze() {
      for (const connection of open) connection.frozen = true
    },
    loseAnswerTo: (text) =>
      new Promise((resolve) => {
        traps.push({ text, spring: (connection) => { connection.onAnswer = lose } })
        function lose(this: Connection): void {
          this.client.destroy()
          resolve()
        }
      }),
    delayAnswerTo: (text) =>
      new Promise((resolve) => {
        traps.push({ text, spring: (connection) => { delay(connection, resolve) } })
      }),
    count: (text) => asked.filter((request) => request.includes(text)).length,
    async close() {
      cut()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

/** Keeps all that comes back on this connection until the answer to `here` is called. */
function delay(connection: Connection, here: (release: () => void) => void): void {
  const kept: Buffer[] = []
  connection.onAnswer = (chunk) => {
    kept.push(chunk)
    if (kept.length > 1) return
    here(() => {
      connection.onAnswer = null
      for (const part of kept) connection.client.write(part)
    })
  }
}
