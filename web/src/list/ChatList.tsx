import { useRouter } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { MessagesSquare } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/Button.tsx'
import { ChatRow } from './ChatRow.tsx'
import { useChats } from './useChats.ts'
import type { View } from './filters.ts'

const ROW_PX = 76

/** The chats of one view. Only those in sight are drawn; the next page comes when one gets near the end. */
export function ChatList({ view, onNew }: { view: View; onNew: () => void }) {
  const { t } = useTranslation()
  const { chats, more, isKnown } = useChats(view)
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({ count: chats.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 6, getItemKey: (index) => chats[index]?.id ?? index })
  const items = virtualizer.getVirtualItems()
  const isNearEnd = (items.at(-1)?.index ?? 0) >= chats.length - 5
  useEffect(() => {
    if (isNearEnd) more()
  }, [isNearEnd, more])

  // From chat to chat without the mouse.
  const router = useRouter()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
      event.preventDefault()
      const linkTo = ({ id }: { id: string }) => ({ to: '/chat/$chatId', params: { chatId: id }, search: {} }) as const
      // From where one is heading, though that page may still be loading.
      const { pathname } = router.latestLocation
      const at = chats.findIndex((chat) => router.buildLocation(linkTo(chat)).pathname === pathname)
      const next = chats[at < 0 ? 0 : at + (event.key === 'ArrowUp' ? -1 : 1)]
      if (next !== undefined) void router.navigate(linkTo(next))
    }
    addEventListener('keydown', onKey)
    return () => { removeEventListener('keydown', onKey) }
  }, [chats, router])

  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
      {chats.length === 0 && isKnown && (
        <div className="flex flex-col items-center gap-3 px-8 pt-16 text-center text-soft">
          <MessagesSquare aria-hidden className="size-10 text-faint" strokeWidth={1.5} />
          <p>{t(`view.none_${view}`)}</p>
          {view === 'all' && (
            <Button look="main" onClick={onNew}>
              {t('newChat.title')}
            </Button>
          )}
        </div>
      )}
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const chat = chats[index]
          return (
            chat !== undefined && (
              <li key={key} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${start}px)`, height: ROW_PX }}>
                <ChatRow chat={chat} />
              </li>
            )
          )
        })}
      </ul>
    </div>
  )
}
