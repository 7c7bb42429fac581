import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore } from 'react'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useApp } from '../app/context.ts'
import { useTimes } from '../i18n/times.ts'
import { Bubble } from './Bubble.tsx'
import { ParcelBubble } from '../files/ParcelBubble.tsx'
import { DraftBubble } from './DraftBubble.tsx'
import type { History } from './history.ts'
import { guess, rowsOf } from './rows.ts'
import type { Row } from './rows.ts'
import { useRoom } from './room.ts'
import { statusOf } from './Ticks.tsx'

/** Nearer to the end than that is at the end. */
const END_PX = 60
/** So many rows before what is loaded runs out, more is fetched. */
const AHEAD = 15
const LIT_MS = 1800
/** A browser that scrolls smoothly, such as by the key Home, goes on for so long. */
const GLIDE_MS = 500

/** The history: only what is in sight is drawn, what is above is fetched as one comes near, and nothing jumps. */
export function Messages({ history, readUpTo, onSeen }: { history: History; readUpTo: number | null; onSeen: (atEnd: boolean) => void }) {
  const { t } = useTranslation()
  const { outbox, parcels } = useApp()
  const { me, chat } = useRoom()
  const run = useSyncExternalStore(history.subscribe, history.run)
  const version = useSyncExternalStore(outbox.subscribe, outbox.version)
  const sending = useSyncExternalStore(parcels.subscribe, parcels.all)
  const rows = useMemo(() => {
    // A new version is another list of drafts.
    void version
    return rowsOf(run.messages, run.hasNewer ? [] : outbox.here.below(chat.id, run.messages), run.hasNewer ? [] : sending.filter(({ chatId }) => chatId === chat.id), readUpTo, me.id)
  }, [run.messages, run.hasNewer, version, sending, chat.id, readUpTo, me.id, outbox])

  const scroller = useRef<HTMLDivElement>(null)
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const [lit, setLit] = useState<string | null>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  const stick = useRef(true)
  /** While it is set, what moves the box is no wish of the reader, who has just been brought to the end. */
  const hold = useRef<object | null>(null)
  const release = () => {
    hold.current = null
  }
  /** Frames count too: on a busy page the glide of the last half second comes with the next one, however late that is. */
  function holdEnd(): void {
    const mine = {}
    hold.current = mine
    const end = () => { if (hold.current === mine) release() }
    setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(end)), GLIDE_MS)
  }
  /** What was at the top edge, and how far from it: there it stays when something comes in above. */
  const anchor = useRef<{ key: string; offset: number } | null>(null)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => guess(rows[index]),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
    paddingStart: 12,
    paddingEnd: 12,
  })
  // A new place is decided before its rows are measured; and who stays at the end needs nobody else to move the box.
  const placed = useRef(-1)
  if (run.state === 'ready' && placed.current !== run.place) stick.current = run.target === 'end'
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = stick.current ? () => false : undefined
  const items = virtualizer.getVirtualItems()
  const total = virtualizer.getTotalSize()

  /** Moves there and draws what is there, before the next frame is painted. */
  function moveTo(offset: number): void {
    const box = scroller.current
    if (box === null) return
    box.scrollTop = offset
    if (Math.abs((virtualizer.scrollOffset ?? 0) - box.scrollTop) > 1) {
      virtualizer.scrollOffset = box.scrollTop
      redraw()
    }
  }
  const toEnd = () => { moveTo(scroller.current?.scrollHeight ?? 0) }

  function onScroll(): void {
    const box = scroller.current
    if (box === null) return
    if (stick.current && hold.current !== null && box.scrollHeight - box.scrollTop - box.clientHeight >= END_PX) {
      toEnd()
      return
    }
    stick.current = box.scrollHeight - box.scrollTop - box.clientHeight < END_PX && !run.hasNewer
    if (stick.current !== isAtEnd) setAtEnd(stick.current)
    const top = virtualizer.getVirtualItems().find(({ end, index }) => end > box.scrollTop && rows[index]?.kind === 'message')
    anchor.current = top === undefined ? null : { key: String(top.key), offset: top.start - box.scrollTop }
  }

  // A new place: the end, the unread line, or a message that somebody looks for.
  useLayoutEffect(() => {
    if (run.state !== 'ready' || placed.current === run.place) return
    placed.current = run.place
    const index = rows.findIndex((row) => (row.kind === 'unread' ? run.target === 'unread' : row.kind === 'message' && row.message.id === run.target))
    stick.current = index < 0 && !run.hasNewer
    anchor.current = null
    if (index < 0) {
      holdEnd()
      toEnd()
    }
    else virtualizer.scrollToIndex(index, { align: run.target === 'unread' ? 'start' : 'center' })
    if (run.target === 'unread' || run.target === 'end') return
    setLit(run.target)
    const timer = setTimeout(() => { setLit(null) }, LIT_MS)
    return () => { clearTimeout(timer) }
  }, [run.place, run.state])

  // Rows have come in: what one looks at stays where it is.
  const firstKey = useRef<string | undefined>(undefined)
  const headOf = run.messages[0]?.id
  useLayoutEffect(() => {
    const before = firstKey.current
    firstKey.current = headOf
    if (stick.current) {
      toEnd()
      return
    }
    if (before === undefined || before === headOf || anchor.current === null) return
    const index = rows.findIndex(({ key }) => key === anchor.current?.key)
    const start = virtualizer.measurementsCache[index]?.start
    if (start !== undefined) moveTo(start - anchor.current.offset)
  }, [rows, total])

  useEffect(() => {
    const box = scroller.current
    if (box === null) return
    const observer = new ResizeObserver(() => { if (stick.current) toEnd() })
    observer.observe(box)
    return () => { observer.disconnect() }
  }, [])

  const firstIndex = items[0]?.index ?? 0
  const lastIndex = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (run.state !== 'ready' || placed.current !== run.place) return
    if (firstIndex < AHEAD) void history.older().catch(() => undefined)
    if (lastIndex > rows.length - AHEAD) void history.newer().catch(() => undefined)
  }, [history, firstIndex, lastIndex, rows.length, run.state, run.place])

  const newest = run.messages.at(-1)?.number ?? 0
  useEffect(() => { onSeen(isAtEnd && !run.hasNewer && run.state === 'ready') }, [isAtEnd, newest, run.hasNewer, run.state, onSeen])

  /** Arrows go from message to message, Enter opens what can be done with it. */
  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    release()
    const target = event.target as HTMLElement
    const all = [...(scroller.current?.querySelectorAll<HTMLElement>('[data-message]') ?? [])]
    const here = target.closest<HTMLElement>('[data-message]')
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      if (target !== scroller.current && target !== here) return
      event.preventDefault()
      const next = here === null ? all.findLast((each) => each.getBoundingClientRect().bottom <= (scroller.current?.getBoundingClientRect().bottom ?? 0)) : all[all.indexOf(here) + (event.key === 'ArrowUp' ? -1 : 1)]
      next?.focus({ preventScroll: true })
      next?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter' && target === here) {
      event.preventDefault()
      const button = here.querySelector<HTMLElement>('[data-menu]')
      button?.focus()
      button?.click()
    }
  }

  return (
    <div className="relative min-h-0 flex-1">
      <div ref={scroller} onScroll={onScroll} onWheel={release} onTouchMove={release} onPointerDown={release} onKeyDown={onKeyDown} tabIndex={0} role="log" aria-live="off" aria-label={t('history')} className="h-full overflow-y-auto overscroll-contain outline-offset-[-2px] [overflow-anchor:none]">
        <div className="flex min-h-full flex-col justify-end">
          <div className="relative w-full shrink-0" style={{ height: total }}>
            <div className="absolute inset-x-0 top-0" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
              {items.map(({ index, key }) => {
                const row = rows[index]
                return (
                  row !== undefined && (
                    <div key={key} data-index={index} ref={virtualizer.measureElement}>
                      <RowView row={row} lit={row.kind === 'message' && row.message.id === lit} />
                    </div>
                  )
                )
              })}
            </div>
          </div>
        </div>
      </div>
      {run.state === 'failed' && <p role="status" className="absolute inset-x-0 top-1/2 text-center text-soft">{t('historyFailed')}</p>}
      {run.state === 'ready' && rows.length === 0 && <p className="absolute inset-x-0 top-1/2 -translate-y-1/2 px-8 text-center text-soft">{t('sayHello')}</p>}
      {!isAtEnd && (
        <button
          type="button"
          aria-label={t('toEnd')}
          onClick={() => {
            stick.current = !run.hasNewer
            void history.jump(null).catch(() => undefined)
            toEnd()
          }}
          className="absolute right-5 bottom-4 flex size-11 animate-rise items-center justify-center rounded-full border border-line bg-raised text-ink shadow-card hover:bg-hover"
        >
          <ArrowDown className="size-5" />
          {chat.unreadCount > 0 && <span className="absolute -top-1.5 -right-1 min-w-5 rounded-full bg-pine px-1 text-xs leading-5 font-bold text-on-pine">{chat.unreadCount > 99 ? '99+' : chat.unreadCount}</span>}
        </button>
      )}
      <Heard message={run.hasNewer ? undefined : run.messages.at(-1)} />
    </div>
  )
}

function RowView({ row, lit }: { row: Row; lit: boolean }) {
  const { t } = useTranslation()
  const times = useTimes()
  const { me, chat } = useRoom()
  if (row.kind === 'day') {
    return (
      <div className="flex justify-center py-3">
        <time dateTime={row.at} className="rounded-full bg-hover px-3 py-0.5 text-xs font-semibold text-soft">{times.day(row.at)}</time>
      </div>
    )
  }
  if (row.kind === 'unread') {
    return (
      <div role="separator" aria-label={t('unreadLine')} className="flex items-center gap-3 px-6 py-2 text-xs font-bold text-pine">
        <span className="h-px flex-1 bg-pine/40" /> {t('unreadLine')} <span className="h-px flex-1 bg-pine/40" />
      </div>
    )
  }
  if (row.kind === 'draft') return <DraftBubble draft={row.draft} first={row.first} last={row.last} />
  if (row.kind === 'parcel') return <ParcelBubble parcel={row.parcel} first={row.first} />
  // All who answer a customer speak with one voice.
  const isCustomers = chat.kind === 'WHATSAPP'
  const own = row.message.sender?.id === me.id
  const mine = isCustomers ? row.message.sender?.__typename !== 'Contact' : own
  const status = !mine ? null : isCustomers ? row.message.status : statusOf(row.message.number, chat)
  return <Bubble message={row.message} first={row.first} last={row.last} mine={mine} status={status} lit={lit} named={isCustomers ? mine && !own : chat.kind === 'GROUP' && !mine} />
}

/** Reads a message out that has just come from somebody else. */
function Heard({ message }: { message: { id: string; text: string | null; sender: { id: string; displayName: string } | null } | undefined }) {
  const { t } = useTranslation()
  const { me } = useRoom()
  const [first] = useState(message?.id)
  const isNew = message !== undefined && message.id !== first && message.sender?.id !== me.id
  return (
    <p aria-live="polite" className="sr-only">
      {isNew && `${message.sender?.displayName ?? ''}: ${message.text ?? t('attachment')}`}
    </p>
  )
}
