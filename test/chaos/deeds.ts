import { encodeId } from '../../src/base/id.ts'
import type { Device } from './device.ts'
import { ADD, DELETE, EDIT, HISTORY, REACT, READ, REMOVE, SEND } from './documents.ts'
import { now } from './journal.ts'
import type { Entry, Journal } from './journal.ts'
import { pause } from './processes.ts'
import type { Data } from './wire.ts'

/** What devices do, each deed noted before it is tried and once it is answered. */
export interface Deeds {
  /** Tries until it is answered, with the same clientId each time, from this device or another one of the same user. */
  send(devices: readonly Device[], chat: number, id: string): Promise<{ chat: number; number: number } | null>
  edit(device: Device, chat: number, number: number, id: string): Promise<boolean>
  remove(device: Device, chat: number, number: number, id: string): Promise<boolean>
  react(device: Device, chat: number, number: number, id: string): Promise<boolean>
  read(device: Device, chat: number, number: number, id: string): Promise<boolean>
  member(device: Device, chat: number, user: number, add: boolean, id: string): Promise<boolean>
  history(device: Device, chat: number): Promise<void>
  /** How many wait for an answer, and totals. */
  counts(): { waiting: number; acked: number; failed: number }
  giveUp(): void
}

type Intent = Extract<Entry, { k: 'intent' }>['op']

/** Answers that say nothing about what was asked: it may be tried again. */
const PASSING = /^(lost|timeout|INTERNAL_SERVER_ERROR|UNAVAILABLE|Unexpected error|The connection is closing)/
const RETRY_MS = 200

export function createDeeds(journal: Journal): Deeds {
  const counts = { waiting: 0, acked: 0, failed: 0 }
  let over = false

  const run = async (devices: readonly Device[], id: string, intent: { op: Intent; chat: number; n?: number; user?: number }, query: string, input: object): Promise<Data> => {
    const [first] = devices
    if (first === undefined) return null
    journal.write({ d: first.d, k: 'intent', id, ...intent })
    counts.waiting += 1
    try {
      for (let tries = 1; !over; tries++) {
        const device = devices[tries % devices.length] ?? first
        const line = device.line()
        if (line === null) {
          await pause(50)
          tries -= 1
          continue
        }
        const sent = now()
        try {
          const data = (Object.values((await line.ask(query, { input })) as object) as Data[])[0]
          const [problem] = data.errors as { code: string }[]
          if (problem !== undefined) {
            journal.write({ d: device.d, k: 'refused', id, code: problem.code })
            return null
          }
          const { message, duplicate } = data
          journal.write({ d: device.d, k: 'ack', id, sent, tries, chat: intent.chat, ...(message == null ? {} : { n: message.number, s: message.seq }), ...(duplicate === true ? { duplicate } : {}) })
          counts.acked += 1
          return data
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error)
          journal.write({ d: device.d, k: 'failed', id, why })
          counts.failed += 1
          if (!PASSING.test(why)) return null
          await pause(RETRY_MS)
        }
      }
      return null
    } finally {
      counts.waiting -= 1
    }
  }
  const messageId = (chat: number, number: number) => encodeId('Message', chat, number)

  return {
    async send(devices, chat, id) {
      const data = await run(devices, id, { op: 'send', chat }, SEND, { chatId: encodeId('Chat', chat), clientId: id, text: `said ${id.slice(0, 8)}` })
      return data === null ? null : { chat, number: data.message.number }
    },
    edit: async (device, chat, n, id) => (await run([device], id, { op: 'edit', chat, n }, EDIT, { messageId: messageId(chat, n), text: `edited ${id.slice(0, 8)}` })) !== null,
    remove: async (device, chat, n, id) => (await run([device], id, { op: 'delete', chat, n }, DELETE, { messageId: messageId(chat, n) })) !== null,
    react: async (device, chat, n, id) => (await run([device], id, { op: 'react', chat, n }, REACT, { messageId: messageId(chat, n), emoji: '👍' })) !== null,
    read: async (device, chat, n, id) => (await run([device], id, { op: 'read', chat, n }, READ, { messageId: messageId(chat, n) })) !== null,
    member: async (device, chat, user, add, id) => {
      const input = add ? { chatId: encodeId('Chat', chat), userIds: [encodeId('User', user)] } : { chatId: encodeId('Chat', chat), userId: encodeId('User', user) }
      return (await run([device], id, { op: add ? 'add' : 'remove', chat, user }, add ? ADD : REMOVE, input)) !== null
    },
    async history(device, chat) {
      const from = now()
      const data = await device.line()?.ask(HISTORY, { id: encodeId('Chat', chat) }).catch(() => null)
      if (data?.chat == null) return
      const shown = data.chat.messages.nodes.filter((message: Data) => message.text !== null).map((message: Data) => message.number)
      journal.write({ d: device.d, k: 'history', chat, from, shown })
    },
    counts: () => ({ ...counts }),
    giveUp: () => {
      over = true
    },
  }
}
