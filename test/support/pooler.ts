import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A pooler before a database, as PgBouncer is one, without its quirks. */
export interface Pooler {
  /** The same database, by way of the pooler. */
  databaseUrl: string
  close(): Promise<void>
}

interface Options {
  /** For how long a client has a connection: as long as it stays, or for one transaction; then it goes to whoever comes next. */
  lends: 'session' | 'transaction'
  /** What becomes of settings that clients ask for as they open, those apart that every pooler knows. */
  settings: 'refused' | 'ignored'
}

/** A connection to the database, and whom it serves just now. */
interface Lent {
  socket: Socket
  client: Socket | null
}

/** PgBouncer keeps track of these by itself. */
const KNOWN = ['user', 'database', 'client_encoding', 'application_name', 'TimeZone', 'DateStyle']
const PROTOCOL = 196_608
const READY = 'Z'.charCodeAt(0)
const IDLE = 'I'.charCodeAt(0)
const GOODBYE = 'X'.charCodeAt(0)

export async function startPooler(databaseUrl: string, options: Options): Promise<Pooler> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const idle: Lent[] = []
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    let has: Lent | null = null
    const begin = (asked: Buffer) => {
      const own: Lent = { socket: connect(Number(target.port), target.hostname), client }
      has = own
      keep(own.socket)
      own.socket.write(asked)
      own.socket.on('close', () => own.client?.end())
      let known = false
      own.socket.on('data', framesOf((frame) => {
        const to = own.client
        to?.write(frame)
        if (options.lends === 'session' || frame[0] !== READY || frame[5] !== IDLE) return
        // What was used last is lent first; one that has only signed somebody in comes last.
        own.client = null
        if (known) idle.unshift(own)
        else idle.push(own)
        known = true
        to?.emit('released')
      }, { typed: true }))
    }
    client.on('released', () => (has = null))
    client.on('close', () => { if (options.lends === 'session' || has !== null) has?.socket.destroy() })
    client.on('data', framesOf((frame, isFirst) => {
      if (isFirst) {
        const { parts, strange } = startup(frame)
        if (options.settings === 'refused' && strange !== undefined) client.end(refusal(`unsupported startup parameter: ${strange}`))
        else begin(pack(parts))
        return
      }
      // Its good-bye is for the pooler alone.
      if (frame[0] === GOODBYE && options.lends === 'transaction') {
        client.end()
        return
      }
      has ??= idle.shift() ?? null
      if (has === null) return
      has.client = client
      has.socket.write(frame)
    }, { typed: false }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const pooled = new URL(databaseUrl)
  pooled.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    databaseUrl: pooled.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Cuts a stream into messages (chapter "Frontend/Backend Protocol" of PostgreSQL's manual). `typed`: the first one has a letter as well, as all have that come from the database. */
function framesOf(take: (frame: Buffer, isFirst: boolean) => void, { typed }: { typed: boolean }): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let isFirst = true
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const header = isFirst && !typed ? 0 : 1
      if (rest.length < header + 4) return
      const end = header + rest.readInt32BE(header)
      if (rest.length < end) return
      const frame = rest.subarray(0, end)
      rest = rest.subarray(end)
      take(frame, isFirst)
      isFirst = false
    }
  }
}

/** What a client says first: names and values, those that a pooler knows, and the first one that it does not. */
function startup(frame: Buffer): { parts: string[]; strange: string | undefined } {
  const parts = frame.toString('utf8', 8).split('\0')
  const pairs = parts.flatMap((name, index) => (index % 2 === 0 && name !== '' ? [[name, parts[index + 1] ?? ''] as const] : []))
  return { parts: pairs.filter(([name]) => KNOWN.includes(name)).flat(), strange: pairs.find(([name]) => !KNOWN.includes(name))?.[0] }
}

function pack(parts: string[]): Buffer {
  const body = Buffer.from(`${parts.join('\0')}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(PROTOCOL, 4)
  return Buffer.concat([head, body])
}

function refusal(message: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}
