import { createServer, connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** What a line does to those who talk over it. */
export interface Toxics {
  latencyMs: number
  jitterMs: number
  /** Infinity: as fast as it goes. */
  bytesPerSecond: number
  /** Cuts what is sent into pieces of so many bytes. */
  sliceBytes: number
  /** Half open: nothing arrives any more, and neither end hears of it. What is on its way arrives once that ends. */
  blackHole: boolean
  /** Nobody comes in. */
  refuse: boolean
  /** The answers of each connection are lost after so many more bytes, and the connection with them when this ends. */
  swallowReplyAfter: number
}

const HEALTHY: Toxics = { latencyMs: 0, jitterMs: 0, bytesPerSecond: Infinity, sliceBytes: Infinity, blackHole: false, refuse: false, swallowReplyAfter: Infinity }
/** So much may wait on the line before its sender has to. */
const WINDOW = 256 * 1024

export interface Proxy {
  port: number
  /** Where it leads; may change, for connections to come. */
  target: number
  set(toxics: Partial<Toxics>): void
  heal(): void
  /** Ends all connections: in good order, or with a reset. */
  cut(reset?: boolean): void
  close(): Promise<void>
}

interface Link {
  end(reset: boolean): void
  changed(): void
  /** Has lost a part of an answer. */
  broken(): boolean
}

/** A TCP proxy to a port of this machine that can be made as bad as a network gets. */
export async function startProxy(target: number, random: () => number): Promise<Proxy> {
  let toxics = HEALTHY
  const links = new Set<Link>()
  const server = createServer({ noDelay: true }, (client) => {
    if (toxics.refuse) {
      client.on('error', () => undefined)
      client.resetAndDestroy()
      return
    }
    const upstream = connect({ port: proxy.target, host: '127.0.0.1', noDelay: true })
    const link = join(client, upstream, () => toxics, random, () => links.delete(link))
    links.add(link)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const change = (next: Toxics) => {
    const healed = toxics.swallowReplyAfter !== Infinity && next.swallowReplyAfter === Infinity
    toxics = next
    for (const link of links) {
      link.changed()
      if (healed && link.broken()) link.end(true)
    }
  }
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    target,
    set: (more) => {
      change({ ...toxics, ...more })
    },
    heal: () => {
      change(HEALTHY)
    },
    cut: (reset = false) => {
      for (const link of links) link.end(reset)
    },
    close: () => {
      for (const link of links) link.end(true)
      return new Promise((resolve) => server.close(() => { resolve() }))
    },
  }
  return proxy
}

function join(client: Socket, upstream: Socket, toxics: () => Toxics, random: () => number, onEnd: () => void): Link {
  let ended = false
  const there = pump(client, upstream, toxics, random, false)
  const back = pump(upstream, client, toxics, random, true)
  const end = (reset: boolean) => {
    if (ended) return
    ended = true
    onEnd()
    there.stop()
    back.stop()
    for (const socket of [client, upstream]) {
      if (reset) socket.resetAndDestroy()
      else socket.destroy()
    }
  }
  for (const socket of [client, upstream]) {
    socket.on('error', () => undefined)
    socket.on('close', () => {
      // The end of the one side travels to the other like all else.
      const tell = () => {
        if (toxics().blackHole && !ended) setTimeout(tell, 100).unref()
        else end(false)
      }
      tell()
    })
  }
  return {
    end,
    changed: () => {
      there.changed()
      back.changed()
    },
    broken: () => back.swallowed(),
  }
}

/** Carries bytes one way. */
function pump(from: Socket, to: Socket, toxics: () => Toxics, random: () => number, reply: boolean) {
  const queue: { bytes: Buffer; due: number }[] = []
  let waiting = 0
  let timer: NodeJS.Timeout | null = null
  let freeAt = 0
  let budget = reply ? toxics().swallowReplyAfter : Infinity
  let lost = false
  const schedule = () => {
    const [first] = queue
    if (first === undefined || timer !== null || toxics().blackHole) return
    const ms = Math.max(first.due, freeAt) - performance.now()
    if (ms <= 0.5) step()
    else timer = setTimeout(step, ms)
  }
  const step = () => {
    timer = null
    const { bytesPerSecond, sliceBytes, blackHole } = toxics()
    const [first] = queue
    if (first === undefined || blackHole) return
    const size = Math.min(first.bytes.length, sliceBytes, Math.max(1, Math.floor(bytesPerSecond / 10)))
    const piece = first.bytes.subarray(0, size)
    if (size === first.bytes.length) queue.shift()
    else first.bytes = first.bytes.subarray(size)
    waiting -= size
    if (waiting < WINDOW) from.resume()
    if (bytesPerSecond !== Infinity) freeAt = performance.now() + (size / bytesPerSecond) * 1000
    const kept = Math.min(size, budget)
    if (budget !== Infinity) budget -= kept
    if (kept < size) lost = true
    if (kept > 0 && to.writable) to.write(kept === size ? piece : piece.subarray(0, kept))
    if (sliceBytes === Infinity) schedule()
    else timer = setTimeout(step, 0)
  }
  from.on('data', (bytes: Buffer) => {
    const { latencyMs, jitterMs } = toxics()
    const before = queue.at(-1)?.due ?? 0
    queue.push({ bytes, due: Math.max(before, performance.now() + latencyMs + random() * jitterMs) })
    waiting += bytes.length
    if (waiting >= WINDOW) from.pause()
    schedule()
  })
  return {
    changed: () => {
      const { swallowReplyAfter } = toxics()
      budget = reply ? swallowReplyAfter : Infinity
      schedule()
    },
    swallowed: () => lost,
    stop: () => {
      if (timer !== null) clearTimeout(timer)
      queue.length = 0
    },
  }
}
