import { createReadStream, createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

// The limit for files: Node's streams between a socket and the disk, and nothing else. PUT /NAME writes a file, GET /NAME gives it.

const server = createServer((req, res) => {
  const file = join(process.env.DIR, (req.url ?? '').replaceAll(/\W/g, ''))
  if (req.method === 'PUT') {
    pipeline(req, createWriteStream(file)).then(() => res.writeHead(201, { 'content-length': 0 }).end(), () => res.destroy())
  } else if (req.url === '/') res.end('bare files')
  else {
    res.writeHead(200, { 'content-length': process.env.BYTES })
    pipeline(createReadStream(file), res).catch(() => res.destroy())
  }
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
