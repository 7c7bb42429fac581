import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** A port that nobody has, below those that systems give to connections which go out: one of thousands of these would take it before its server does. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => { resolve(false) })
      server.listen(port, '127.0.0.1', () => { resolve(true) })
    })
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
}
