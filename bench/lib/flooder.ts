import { fork } from 'node:child_process'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { GraphqlSocket } from './graphql.ts'
import { RawHttp, graphqlPost } from './http.ts'
import { atRate } from './loops.ts'
import type { Ask } from './loops.ts'

/** A turn of the flood: documents, each with another number behind it, that must all be refused. */
export interface Flood {
  document: string
  perSecond: number
  ms: number
}

interface Place {
  port: number
  /** Of those who ask: each has one connection of HTTP, and one WebSocket. */
  tokens: string[]
}

/** Nobody is flooded from the same machine: what the making of a flood costs must not be measured beside what its refusal costs. */
const GIVES_WAY = 10

/**
 * Those who ask for what is refused, in a process of their own: the time that their requests take to be written is not that of the honest ones, which this process measures.
 */
export class Flooder {
  readonly #process = fork(fileURLToPath(import.meta.url), { execArgv: ['--import', 'tsx'] })

  /** Resolves as the first document goes out, with the end of it all. @throws {Error} what came instead of a refusal. */
  async begin(place: Place, flood: Flood): Promise<{ ended: Promise<void> }> {
    const begun = this.#hear()
    this.#process.send({ place, flood })
    await begun
    return { ended: this.#hear() }
  }

  #hear(): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = () => { reject(new Error('the process of the flood ended')) }
      this.#process.once('exit', gone)
      this.#process.once('message', (fault: string | null) => {
        this.#process.off('exit', gone)
        if (fault === null) resolve()
        else reject(new Error(fault))
      })
    })
  }

  end(): void {
    this.#process.disconnect()
  }
}

let opened: Promise<GraphqlSocket[]> | null = null

async function pour({ port, tokens }: Place, { document, perSecond, ms }: Flood, begin: () => void): Promise<void> {
  // New ones for each turn: servers end what was idle for some seconds. Sockets stay, as somebody who comes is news for others.
  const lines = await Promise.all(tokens.map(() => RawHttp.open(port)))
  opened ??= Promise.all(tokens.map((token) => GraphqlSocket.open(port, token)))
  const sockets = await opened
  const begun = JSON.stringify({ query: document }).slice(0, -2)
  let count = Date.now()
  const body = () => `${begun}${count++}"}`
  const asks = lines.flatMap((line, n): Ask[] => {
    // A line takes one request at a time: where the machine is busy the next one waits.
    let before = Promise.resolve()
    const byHttp: Ask = (done, failed) => {
      before = before.then(() => new Promise((resolve) => {
        line.ask(graphqlPost(tokens[n] ?? '', body()), (answer) => {
          resolve()
          if (answer.includes('"errors":[') && !answer.includes('"data"')) done()
          else failed(new Error(`not refused: ${answer.toString().slice(0, 500)}`))
        }, failed)
      }))
    }
    return [byHttp, (done, failed) => { sockets[n]?.refuse(body(), done, failed) }]
  })
  try {
    await atRate({ ms, begin }, perSecond, asks)
  } finally {
    for (const line of lines) line.end()
  }
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  setPriority(GIVES_WAY)
  // Its sockets would keep it.
  process.on('disconnect', () => process.exit())
  process.on('message', ({ place, flood }: { place: Place; flood: Flood }) => {
    pour(place, flood, () => process.send?.(null)).then(() => process.send?.(null), (error: unknown) => process.send?.(error instanceof Error ? error.message : String(error)))
  })
}
