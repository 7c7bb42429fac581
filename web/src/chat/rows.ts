import type { Draft } from 'parley/client'
import type { Parcel } from '../files/parcels.ts'
import { boxOf } from '../files/sizes.ts'
import type { Message } from './history.ts'

/** What stands in the history, from above to below. */
export type Row =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'unread'; key: string }
  /** `first` and `last` of what one person said in one go. */
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean }
  | { kind: 'draft'; key: string; draft: Draft; first: boolean; last: boolean }
  | { kind: 'parcel'; key: string; parcel: Parcel; first: boolean; last: boolean }

/** Who says something after so long begins anew. */
const PAUSE_MS = 5 * 60_000

interface Said {
  key: string
  who: string
  at: number
  day: string
}

function dayOf(at: number): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`
}

/** Of thousands of messages, at each page that comes: worked out once. */
const told = new WeakMap<Message, { at: number; day: string }>()
function timeOf(message: Message): { at: number; day: string } {
  const before = told.get(message)
  if (before !== undefined) return before
  const at = Date.parse(message.createdAt)
  const time = { at, day: dayOf(at) }
  told.set(message, time)
  return time
}

/** `readUpTo`: above the first message of somebody else behind this number stands the unread line; null: none. */
export function rowsOf(messages: readonly Message[], drafts: readonly Draft[], parcels: readonly Parcel[], readUpTo: number | null, userId: string): Row[] {
  const rows: Row[] = []
  let before: Said | null = null
  let isMarked = readUpTo === null
  const add = (said: Said, row: (first: boolean) => Row) => {
    if (before?.day !== said.day) rows.push({ kind: 'day', key: `day ${said.key}`, at: new Date(said.at).toISOString() })
    const tail = rows.at(-1)
    const first = tail === undefined || tail.kind === 'day' || tail.kind === 'unread' || before?.who !== said.who || said.at - before.at > PAUSE_MS
    if (!first && 'last' in tail) tail.last = false
    rows.push(row(first))
    before = said
  }
  for (const message of messages) {
    const who = message.sender?.id ?? ''
    if (!isMarked && message.number > (readUpTo ?? 0) && who !== userId) {
      isMarked = true
      const { at, day } = timeOf(message)
      // The day stands above the line, not between it and the message.
      if ((before as Said | null)?.day !== day) {
        rows.push({ kind: 'day', key: `day ${message.clientId ?? message.id}`, at: message.createdAt })
        before = { key: '', who: '', at, day }
      }
      rows.push({ kind: 'unread', key: 'unread' })
    }
    // A draft that became a message stays the same thing on the screen.
    const key = message.clientId ?? message.id
    add({ key, who, ...timeOf(message) }, (first) => ({ kind: 'message', key, message, first, last: true }))
  }
  for (const draft of drafts) {
    const { clientId: key, saidAt: at } = draft
    add({ key, who: userId, at, day: dayOf(at) }, (first) => ({ kind: 'draft', key, draft, first, last: true }))
  }
  for (const parcel of parcels) {
    const { key, saidAt: at } = parcel
    add({ key, who: userId, at, day: dayOf(at) }, (first) => ({ kind: 'parcel', key, parcel, first, last: true }))
  }
  return rows
}

/** A first guess of its height, before it is measured. */
export function guess(row: Row | undefined): number {
  if (row === undefined || row.kind === 'day' || row.kind === 'unread') return 48
  if (row.kind === 'parcel') return 280
  const text = row.kind === 'message' ? (row.message.text ?? '') : (row.draft.input.text ?? '')
  const lines = Math.ceil(text.length / 60) + (text.match(/\n/g)?.length ?? 0)
  return 20 + Math.max(1, lines) * 21 + (row.first ? 10 : 3) + (row.kind === 'message' ? heightOf(row.message) : 0)
}

/** What its files take, before they are drawn. */
export function heightOf({ attachments }: Message): number {
  const pictures = attachments.filter(({ kind, state }) => kind === 'IMAGE' && state === 'READY')
  const [only] = pictures
  const squares = pictures.length > 2 ? 336 : 168
  return (pictures.length === 1 && only !== undefined ? boxOf(only.width, only.height).height : pictures.length === 0 ? 0 : squares) + (attachments.length - pictures.length) * 62
}
