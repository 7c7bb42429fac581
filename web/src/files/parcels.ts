import { createSignal } from '../app/signal.ts'
import { NotTaken, uploadFile } from './upload.ts'
import type { Announce, Fault } from './upload.ts'

/** A file that somebody has chosen. It goes to the server at once, while they still write what it is. */
export interface Upload {
  key: string
  file: File
  kind: 'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE'
  /** Shows it without the server; null where that cannot be shown. */
  preview: string | null
  /** Of a picture, once it was looked at. */
  width: number | null
  height: number | null
  /** From 0 to 1. */
  progress: number
  attachmentId: string | null
  fault: Fault | null
}

/** A message that waits for its files. */
export interface Parcel {
  key: string
  chatId: string
  text: string
  replyToId: string | undefined
  saidAt: number
  uploads: readonly Upload[]
}

interface Duties {
  announce: Announce
  /** Says it, now that all bytes are there. */
  send(said: { chatId: string; text?: string; replyToId?: string; attachmentIds: string[] }): void
}

/** So many go at once; others wait. */
const LANES = 3
/** The most that a message takes. */
export const MOST_FILES = 20
/** What a picture may have to be shown from the memory of the page. */
const MOST_PREVIEW = 40 * 1024 * 1024

const KINDS: Partial<Record<string, Upload['kind']>> = { image: 'IMAGE', video: 'VIDEO', audio: 'AUDIO' }

/** Files on their way: those that are chosen and wait in the field for the rest of the message, and those whose message was said already. */
export function createParcels({ announce, send }: Duties) {
  const signal = createSignal()
  const chosen = new Map<string, readonly Upload[]>()
  const waiting: (() => Promise<void>)[] = []
  const stops = new Map<string, AbortController>()
  /** What one has sent oneself need not be fetched to be seen. */
  const own = new Map<string, Upload>()
  let parcels: readonly Parcel[] = []
  let busy = 0
  let count = 0

  const isDone = ({ attachmentId }: Upload) => attachmentId !== null

  /** An upload never changes: a new one takes its place. */
  function change(key: string, with_: Partial<Upload>): void {
    const update = (uploads: readonly Upload[]) => (uploads.some((each) => each.key === key) ? uploads.map((each) => (each.key === key ? { ...each, ...with_ } : each)) : uploads)
    for (const [chatId, uploads] of chosen) chosen.set(chatId, update(uploads))
    parcels = parcels.map((parcel) => ({ ...parcel, uploads: update(parcel.uploads) }))
    signal.tell()
  }

  function dispatch(): void {
    for (const { key, chatId, text, replyToId, uploads } of parcels) {
      if (!uploads.every(isDone)) continue
      parcels = parcels.filter((each) => each.key !== key)
      for (const upload of uploads) own.set(upload.attachmentId ?? '', upload)
      send({ chatId, ...(text !== '' && { text }), ...(replyToId !== undefined && { replyToId }), attachmentIds: uploads.map(({ attachmentId }) => attachmentId ?? '') })
    }
    signal.tell()
  }

  function next(): void {
    while (busy < LANES) {
      const run = waiting.shift()
      if (run === undefined) return
      busy++
      void run().finally(() => {
        busy--
        next()
      })
    }
  }

  function begin({ key, file }: Upload): void {
    const stop = new AbortController()
    stops.set(key, stop)
    waiting.push(async () => {
      if (stop.signal.aborted) return
      try {
        const attachmentId = await uploadFile(file, announce, (progress) => { change(key, { progress }) }, stop.signal)
        change(key, { attachmentId, progress: 1 })
        dispatch()
      } catch (error) {
        if (!stop.signal.aborted) change(key, { fault: error instanceof NotTaken ? error.fault : { code: 'AWAY', message: '', path: ['away'] } })
      }
    })
    next()
  }

  /** So that the picture has its place already while it is on its way. */
  function measure({ key, kind, preview }: Upload): void {
    if (kind !== 'IMAGE' || preview === null) return
    const image = new Image()
    image.onload = () => { change(key, { width: image.naturalWidth, height: image.naturalHeight }) }
    image.src = preview
  }

  function end({ key, preview }: Upload): void {
    stops.get(key)?.abort()
    stops.delete(key)
    if (preview !== null) URL.revokeObjectURL(preview)
  }

  // What is on its way is in the memory of this page alone.
  window.addEventListener('beforeunload', (event) => {
    if (parcels.length > 0) event.preventDefault()
  })

  return {
    subscribe: signal.subscribe,
    /** Files that wait in the field of a chat. */
    chosen: (chatId: string): readonly Upload[] => chosen.get(chatId) ?? NONE,
    /** Messages that wait for their files, in all chats. */
    all: () => parcels,
    /** One's own file, as it was chosen on this page. */
    own: (attachmentId: string) => own.get(attachmentId),
    /** Takes as many as fit into one message; answers how many were left. */
    add(chatId: string, files: readonly File[]): number {
      const before = chosen.get(chatId) ?? []
      const taken = files.slice(0, MOST_FILES - before.length).map((file): Upload => {
        const kind = KINDS[file.type.split('/', 1)[0] ?? ''] ?? 'FILE'
        const preview = kind !== 'FILE' && (kind !== 'IMAGE' || file.size < MOST_PREVIEW) ? URL.createObjectURL(file) : null
        return { key: `upload ${++count}`, file, kind, preview, width: null, height: null, progress: 0, attachmentId: null, fault: null }
      })
      chosen.set(chatId, [...before, ...taken])
      taken.forEach(begin)
      taken.forEach(measure)
      signal.tell()
      return files.length - taken.length
    },
    /** Takes a file out of the field. */
    remove(chatId: string, upload: Upload): void {
      end(upload)
      chosen.set(chatId, (chosen.get(chatId) ?? []).filter(({ key }) => key !== upload.key))
      signal.tell()
    },
    /** Says what is in the field, with its files: it goes out once they are there. */
    post(chatId: string, text: string, replyToId?: string): void {
      const uploads = chosen.get(chatId) ?? []
      chosen.delete(chatId)
      parcels = [...parcels, { key: `parcel ${++count}`, chatId, text, replyToId, saidAt: Date.now(), uploads }]
      dispatch()
    },
    retry(parcel: Parcel): void {
      for (const upload of parcel.uploads) {
        if (upload.fault === null) continue
        change(upload.key, { fault: null, progress: 0 })
        begin(upload)
      }
    },
    discard(parcel: Parcel): void {
      parcel.uploads.forEach(end)
      parcels = parcels.filter(({ key }) => key !== parcel.key)
      signal.tell()
    },
    stop(): void {
      for (const stop of stops.values()) stop.abort()
    },
  }
}

const NONE: readonly Upload[] = []

export type Parcels = ReturnType<typeof createParcels>
