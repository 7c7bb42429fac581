import { encodeId } from '../../src/base/id.ts'
import type { Cluster } from './cluster.ts'
import { pause, until } from './processes.ts'
import { openLine } from './wire.ts'

const PRESENCE = 'subscription ($ids: [ID!]!) { presence(userIds: $ids) { user { id } presence { state } } }'

/** As many as can be looked at in one subscription. */
const AT_MOST = 100

/**
 * Somebody who looks at others of a group, and comes again wherever the connection is cut. `stop` answers how often one of them seemed to be gone who
 * had been there: all of them have a device that stays, or comes back at once.
 */
export async function watchPresence(cluster: Cluster, chat: number, viewer: { id: number; token: string }): Promise<{ stop(): number }> {
  const members = await cluster.sql<{ id: number }[]>`select user_id as id from member where chat_id = ${chat} and to_seq is null and user_id <> ${viewer.id} limit ${AT_MOST}`
  const ids = members.map(({ id }) => encodeId('User', id))
  const states = new Map<string, string>()
  let flaps = 0
  let stopped = false
  let end: () => void = () => undefined
  const look = async () => {
    let close: () => void = () => undefined
    const closed = new Promise<void>((resolve) => (close = resolve))
    const line = await openLine({ url: `ws://127.0.0.1:${cluster.balancer.port}/graphql`, token: viewer.token, resumeAfter: null, onClose: close })
    end = () => { line.close() }
    line.subscribe(PRESENCE, { ids }, ({ presence: { user, presence } }) => {
      if (presence.state === 'OFFLINE' && (states.get(user.id) ?? 'OFFLINE') !== 'OFFLINE') flaps += 1
      states.set(user.id, presence.state)
    })
    await closed
  }
  const live = async () => {
    while (!stopped) {
      await look().catch(() => undefined)
      await pause(100)
    }
  }
  void live()
  await until('all of them to be there', () => ids.length > 0 && ids.every((id) => (states.get(id) ?? 'OFFLINE') !== 'OFFLINE'))
  return {
    stop() {
      stopped = true
      end()
      return flaps
    },
  }
}
