import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kill, start, until } from '../../test/chaos/processes.ts'
import { freePort } from '../../test/support/free-port.ts'
import { countingAudience } from '../lib/audience.ts'
import type { Audience } from '../lib/audience.ts'
import { someText } from '../lib/graphql.ts'
import { inTurns } from '../lib/loops.ts'
import type { Stage } from '../lib/stage.ts'
import { RawWebSocket } from '../lib/websocket.ts'

/** Where ejabberd's programs are: EJABBERD_HOME, or where Debian puts them; null: it is not installed. `erl` is taken from the PATH. */
export function findEjabberd(): string | null {
  if (process.env.EJABBERD_HOME !== undefined) return process.env.EJABBERD_HOME
  const libraries = '/usr/lib'
  const found = list(libraries).flatMap((folder) => list(join(libraries, folder)).filter((name) => /^ejabberd-\d/.test(name)).map((name) => join(libraries, folder, name)))
  return found[0] ?? null
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

export interface Ejabberd {
  pid: number
  /** A room with so many people in it, each with a socket. */
  room(size: number): Promise<Audience>
  close(): Promise<void>
}

const HOST = 'localhost'
const ROOMS = `conference.${HOST}`

/** Anybody may come in, nothing is held back, nothing is stored, nobody is asked whether they are still there: what remains is the delivery. */
const config = (port: number) => `
hosts: [${HOST}]
loglevel: error
listen:
  - port: ${port}
    ip: 127.0.0.1
    module: ejabberd_http
    request_handlers:
      /ws: ejabberd_http_ws
auth_method: [anonymous]
anonymous_protocol: sasl_anon
allow_multiple_connections: true
websocket_ping_interval: 3600
websocket_timeout: 3600
disable_sasl_mechanisms: [X-OAUTH2]
modules:
  mod_muc:
    access: all
    max_users: 10000
    max_users_presence: 0
    user_message_shaper: none
    user_presence_shaper: none
    room_shaper: none
    history_size: 0
    default_room_options:
      max_users: 10000
      anonymous: true
      presence_broadcast: []
`

/** Starts one with a folder of its own, listening on loopback alone. */
export async function startEjabberd(stage: Stage): Promise<Ejabberd | null> {
  const home = stage.options.peers ? findEjabberd() : null
  if (home === null) return null
  const port = await freePort()
  const folder = join(stage.folder, `ejabberd-${port}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'ejabberd.yml'), config(port))
  const log = join(folder, 'out.log')
  // Without a name it is no node of a network, so no daemon of Erlang's is started.
  const args = ['-noinput', '-pa', join(home, 'ebin'), '-mnesia', 'dir', `"${join(folder, 'data')}"`, '-s', 'ejabberd']
  const erl = start('erl', args, { cwd: folder, log, env: { EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'), EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'), HOME: folder } })
  const answers = () => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => !erl.running())
  await until('the start of ejabberd', answers, 60_000)
  if (!erl.running()) throw new Error(`ejabberd ended as it started: ${readFileSync(log, 'utf8').slice(0, 2000)}`)
  return {
    pid: erl.pid,
    room: (size) => openRoom(port, size),
    async close() {
      kill(erl.pid, 'SIGKILL')
      await erl.ended
    },
  }
}

const BODY = Buffer.from('<body>')

async function openRoom(port: number, size: number): Promise<Audience> {
  const room = `room${size}@${ROOMS}`
  const sockets: RawWebSocket[] = []
  const join = async (n: number) => {
    const socket = await signIn(port)
    await told(socket, 'code=\'110\'', `<presence to='${room}/n${n}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`)
    sockets[n] = socket
  }
  // The first one makes the room.
  await join(0)
  await inTurns(Array.from({ length: size - 1 }), 20, (_, n) => join(n + 1))
  const [writer] = sockets
  return countingAudience(sockets, () => { writer?.send(`<message type='groupchat' to='${room}'><body>${someText()}</body></message>`) }, () => undefined, BODY)
}

/** As RFC 7395 has it: XMPP in the frames of a WebSocket. */
async function signIn(port: number): Promise<RawWebSocket> {
  const socket = await RawWebSocket.open(port, '/ws', 'xmpp')
  const open = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${HOST}' version='1.0'/>`
  await told(socket, 'features', open)
  await told(socket, '<success', '<auth xmlns=\'urn:ietf:params:xml:ns:xmpp-sasl\' mechanism=\'ANONYMOUS\'/>')
  await told(socket, 'features', open)
  await told(socket, '<jid>', '<iq type=\'set\' id=\'b\'><bind xmlns=\'urn:ietf:params:xml:ns:xmpp-bind\'/></iq>')
  return socket
}

/** Says something and waits until an answer has this in it. */
function told(socket: RawWebSocket, answer: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.onClose = (reason) => { reject(new Error(reason)) }
    socket.onMessage = (data, start, end) => {
      const message = data.toString('utf8', start, end)
      if (message.includes(answer)) resolve()
      else if (/<failure|type='error'/.test(message)) reject(new Error(message))
    }
    socket.send(text)
  })
}
