import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Stands between a server and its database, and counts what really goes over the wire. */
export interface StatementProxy {
  /** The same database, by way of the proxy. */
  databaseUrl: string
  /** Does some work and answers the text of every statement that was executed meanwhile, `begin` and `commit` too. */
  during(work: () => Promise<unknown>): Promise<string[]>
  close(): Promise<void>
}

export async function startStatementProxy(databaseUrl: string): Promise<StatementProxy> {
  const target = new URL(databaseUrl)
  const executed: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname)
    const read = statementReader((text) => executed.push(text))
    client.on('data', read)
    client.pipe(database).pipe(client)
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', () => {
        client.destroy()
        database.destroy()
      })
      socket.once('close', () => sockets.delete(socket))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxied = new URL(databaseUrl)
  proxied.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    databaseUrl: proxied.href,
    async during(work) {
      const before = executed.length
      await work()
      return executed.slice(before)
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Reads one connection's messages to PostgreSQL (chapter "Frontend/Backend Protocol" of its manual). */
function statementReader(onExecute: (text: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let started = false
  const prepared = new Map<string, string>()
  const portals = new Map<string, string>()

  const take = (type: string, body: Buffer) => {
    const [first = '', second = ''] = stringsOf(body, 2)
    if (type === 'Q') onExecute(first)
    else if (type === 'P') prepared.set(first, second)
    else if (type === 'B') portals.set(first, prepared.get(second) ?? '?')
    else if (type === 'E') onExecute(portals.get(first) ?? '?')
  }
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      // The very first message has no letter for its type.
      const header = started ? 1 : 0
      if (rest.length < header + 4) return
      const end = header + rest.readInt32BE(header)
      if (rest.length < end) return
      if (started) take(String.fromCharCode(rest[0] ?? 0), rest.subarray(header + 4, end))
      started = true
      rest = rest.subarray(end)
    }
  }
}

/** The first strings of a message, each ended by a zero. */
function stringsOf(body: Buffer, count: number): string[] {
  const strings: string[] = []
  for (let at = 0; strings.length < count; ) {
    const end = body.indexOf(0, at)
    if (end === -1) break
    strings.push(body.toString('utf8', at, end))
    at = end + 1
  }
  return strings
}
