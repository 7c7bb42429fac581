import { ChevronLeft, ChevronRight, Download, X } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApp } from '../app/context.ts'
import type { Message } from '../chat/history.ts'
import { useTimes } from '../i18n/times.ts'
import { useLink } from './links.ts'

const BUTTON = 'flex size-11 shrink-0 items-center justify-center rounded-full bg-white/10 text-white hover:bg-white/20 disabled:opacity-25'

/** A finger that went so far wants the next one. */
const SWIPE_PX = 60

/** A picture as large as the screen; arrows lead to the others of the history. */
export function Viewer({ messages, id, onView, onClose }: { messages: readonly Message[]; id: string; onView: (id: string) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const times = useTimes()
  const from = useRef<number | null>(null)
  const all = messages.flatMap((message) => (message.deletedAt === null ? message.attachments.filter(({ kind, state }) => kind === 'IMAGE' && state === 'READY').map((file) => ({ file, message })) : []))
  const at = all.findIndex(({ file }) => file.id === id)
  const here = all[at]
  const step = (by: number) => {
    const next = all[at + by]
    if (next !== undefined) onView(next.file.id)
  }
  if (here === undefined) return null
  return (
    <Dialog.Root open onOpenChange={(is) => { if (!is) onClose() }}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-50 bg-[#070b0c]/92" />
        <Dialog.Content
          aria-describedby={undefined}
          onKeyDown={({ key }) => {
            if (key === 'ArrowLeft') step(-1)
            if (key === 'ArrowRight') step(1)
          }}
          className="fixed inset-0 z-50 flex flex-col text-white outline-none"
        >
          <header className="flex items-center gap-3 px-4 py-3">
            <div className="min-w-0 flex-1">
              <Dialog.Title className="truncate font-semibold">{here.message.sender?.displayName ?? t('somebody')}</Dialog.Title>
              <p className="truncate text-sm text-white/75">{`${times.full(here.message.createdAt)} · ${here.file.fileName}`}</p>
            </div>
            <Save id={here.file.id} name={here.file.fileName} />
            <Dialog.Close aria-label={t('close')} className={BUTTON}>
              <X className="size-5" />
            </Dialog.Close>
          </header>
          <div
            className="relative flex min-h-0 flex-1 items-center sm:px-16"
            onTouchStart={({ touches }) => {
              from.current = touches.length === 1 ? (touches[0]?.clientX ?? null) : null
            }}
            onTouchEnd={({ changedTouches }) => {
              const by = from.current === null ? 0 : (changedTouches[0]?.clientX ?? 0) - from.current
              if (Math.abs(by) > SWIPE_PX) step(by > 0 ? -1 : 1)
            }}
          >
            <button type="button" aria-label={t('file.before')} disabled={at === 0} onClick={() => { step(-1) }} className={`${BUTTON} absolute left-2 z-10 max-sm:bg-[#070b0c]/40`}>
              <ChevronLeft className="size-6" />
            </button>
            <Large key={here.file.id} file={here.file} onClose={onClose} />
            <button type="button" aria-label={t('file.after')} disabled={at === all.length - 1} onClick={() => { step(1) }} className={`${BUTTON} absolute right-2 z-10 max-sm:bg-[#070b0c]/40`}>
              <ChevronRight className="size-6" />
            </button>
          </div>
          <p dir="auto" className="mx-auto max-h-28 min-h-14 max-w-2xl overflow-y-auto px-6 py-4 text-center whitespace-pre-wrap">
            {here.message.text}
          </p>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Large({ file, onClose }: { file: Message['attachments'][number]; onClose: () => void }) {
  const { parcels } = useApp()
  const { link, renew } = useLink(file.id)
  const [isThere, setThere] = useState(false)
  const url = parcels.own(file.id)?.preview ?? link?.url
  const size = { width: file.width ?? undefined, height: file.height ?? undefined }
  const place = 'pointer-events-none absolute inset-0 m-auto max-h-full max-w-full object-contain'
  return (
    <div className="relative h-full min-w-0 flex-1" onClick={onClose}>
      {/* The small one is there already. */}
      {!isThere && link?.thumbnailUrl != null && <img src={link.thumbnailUrl} alt="" {...size} className={place} />}
      {url !== undefined && <img src={url} alt={file.fileName} {...size} onLoad={() => { setThere(true) }} onError={renew} className={place} />}
    </div>
  )
}

function Save({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation()
  const { link } = useLink(id)
  return (
    <a {...(link !== undefined && { href: `${link.url}&download=1` })} download={name} aria-label={t('file.save', { name })} title={t('file.save', { name })} className={BUTTON}>
      <Download className="size-5" />
    </a>
  )
}
