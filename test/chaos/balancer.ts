import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** Spreads connections over the servers that say that they are ready, as any load balancer does. */
export interface Balancer {
  port: number
  /** How many there are, and how many of them take connections. */
  servers: number
  ready(): number
  close(): Promise<void>
}

const CHECK_MS = 500

/** `ports` are the servers' doors. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const ready = new Set<number>()
  let turn = 0
  const server = createServer({ noDelay: true }, (client) => {
    const up = ports.filter((port) => ready.has(port))
    turn += 1
    const port = up[turn % Math.max(1, up.length)]
    client.on('error', () => undefined)
    if (port === undefined) {
      client.destroy()
      return
    }
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
    upstream.on('error', () => undefined)
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    sockets.add(client)
    client.on('close', () => sockets.delete(client))
  })
  const sockets = new Set<{ destroy(): unknown }>()
  const check = async (port: number) => {
    const ok = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(1500), headers: { connection: 'close' } }).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) ready.add(port)
    else ready.delete(port)
  }
  const stop = new AbortController()
  const watch = async (port: number) => {
    while (!stop.signal.aborted) {
      await check(port)
      await new Promise((resolve) => setTimeout(resolve, CHECK_MS))
    }
  }
  await Promise.all(ports.map(check))
  for (const port of ports) void watch(port)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    servers: ports.length,
    ready: () => ready.size,
    close: () => {
      stop.abort()
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => { resolve() }))
    },
  }
}
