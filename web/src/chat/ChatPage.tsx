import { getRouteApi } from '@tanstack/react-router'
import { Suspense, lazy, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import { useApp, useMe } from '../app/context.ts'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { AddReaction, DeleteMessage, MarkRead, PinMessage, RemoveReaction, UnpinMessage } from '../graphql/deeds.ts'
import { DropZone } from '../files/DropZone.tsx'
import { Chat } from '../graphql/documents.ts'
import { takeFiles } from '../files/take.ts'
import { WindowClosed, WindowLine } from '../whatsapp/ReplyWindow.tsx'
import { useReplyWindow } from '../whatsapp/window.ts'
import { ChatHeader } from './ChatHeader.tsx'
import { Composer } from './Composer.tsx'
import type { Message } from './history.ts'
import { Messages } from './Messages.tsx'
import { PinnedBar } from './PinnedBar.tsx'
import { RoomContext } from './room.ts'
import type { Aim, Room } from './room.ts'
import { TypingLine } from './TypingLine.tsx'

const Forward = lazy(() => import('./Forward.tsx').then(({ Forward }) => ({ default: Forward })))
const Receipts = lazy(() => import('./Receipts.tsx').then(({ Receipts }) => ({ default: Receipts })))
const ReactorList = lazy(() => import('./Reactors.tsx').then(({ ReactorList }) => ({ default: ReactorList })))
const Confirm = lazy(() => import('../ui/Dialog.tsx').then(({ Confirm }) => ({ default: Confirm })))
const Viewer = lazy(() => import('../files/Viewer.tsx').then(({ Viewer }) => ({ default: Viewer })))
const Info = lazy(() => import('../group/Info.tsx').then(({ Info }) => ({ default: Info })))

const route = getRouteApi('/shell/chat/$chatId')

export function ChatPage() {
  const { t } = useTranslation()
  const { chatId } = route.useParams()
  const { historyOf } = useApp()
  const [{ data, fetching }] = useQuery({ query: Chat, variables: { id: chatId } })
  const history = historyOf(chatId)
  const { state } = useSyncExternalStore(history.subscribe, history.run)
  const chat = data?.chat
  if (state === 'gone' || (chat === null && !fetching)) {
    return <p className="flex h-full items-center justify-center px-8 text-center text-soft">{t('chatGone')}</p>
  }
  // While another chat is asked for, the answer is still that of the last one.
  return chat?.id === chatId ? <OpenChat key={chatId} chat={chat} /> : null
}

function OpenChat({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const app = useApp()
  const me = useMe()
  const act = useAct()
  const { m: wanted } = route.useSearch()
  const navigate = route.useNavigate()
  const history = app.historyOf(chat.id)
  const [aim, setAim] = useState<Aim>(null)
  const [forwarding, setForwarding] = useState<Message | null>(null)
  const [removing, setRemoving] = useState<Message | null>(null)
  const [receipts, setReceipts] = useState<Message | null>(null)
  const [reacted, setReacted] = useState<Message | null>(null)
  const window = useReplyWindow(chat)
  const [viewed, setViewed] = useState<string | null>(null)
  const [isInfo, setInfo] = useState(false)
  // Where the unread line stands is decided when the chat is opened, and stays so while one reads.
  const [readUpTo, setReadUpTo] = useState(() => (chat.unreadCount > 0 ? (chat.viewerMember?.readUpTo ?? 0) : null))

  // Every visit asks anew: what is shown then is the end, or what one came for.
  const isFresh = useRef(true)
  useEffect(() => {
    const isFirst = isFresh.current
    isFresh.current = false
    const show = isFirst && history.run().state !== 'ready' ? history.open(wanted ?? null, 'unread') : wanted === undefined && !isFirst ? null : history.jump(wanted ?? null)
    show?.catch(() => undefined)
    // So that the same link works twice.
    if (wanted !== undefined) void navigate({ search: {}, replace: true })
  }, [history, wanted, navigate])

  // A page that failed is asked for again as soon as there is a line.
  useEffect(
    () =>
      app.connection.subscribe(() => {
        if (app.connection.state === 'open' && history.run().state === 'failed') history.open().catch(() => undefined)
      }),
    [app, history],
  )

  const marked = useRef(0)
  const isSeen = useRef(false)
  const mark = useCallback(() => {
    if (!isSeen.current || !document.hasFocus() || document.visibilityState !== 'visible') return
    const last = history.run().messages.findLast(({ sender }) => sender?.id !== me.id)
    if (last === undefined || last.number <= Math.max(marked.current, chat.viewerMember?.readUpTo ?? 0)) return
    const before = marked.current
    marked.current = last.number
    void app.tell(MarkRead, { input: { messageId: last.id } }).catch(() => {
      marked.current = before
    })
  }, [app, chat.viewerMember?.readUpTo, history, me.id])
  const onSeen = useCallback(
    (atEnd: boolean) => {
      isSeen.current = atEnd
      mark()
    },
    [mark],
  )
  useEffect(() => {
    addEventListener('focus', mark)
    document.addEventListener('visibilitychange', mark)
    const stop = history.subscribe(mark)
    return () => {
      removeEventListener('focus', mark)
      document.removeEventListener('visibilitychange', mark)
      stop()
    }
  }, [history, mark])

  const room = useMemo(
    (): Room => ({
      me,
      chat,
      jump: (id) => void history.jump(id).catch(() => undefined),
      react(message, emoji) {
        const has = message.reactions.some((group) => group.emoji === emoji && group.viewerReacted)
        void act(has ? RemoveReaction : AddReaction, { input: { messageId: message.id, emoji } })
      },
      aim: setAim,
      forward: setForwarding,
      pin: (message) => void act(message.pinnedAt === null ? PinMessage : UnpinMessage, { input: { messageId: message.id } }),
      view: setViewed,
      remove: setRemoving,
      showReceipts: setReceipts,
      showReactors: setReacted,
    }),
    [me, chat, history, act],
  )

  return (
    <RoomContext value={room}>
      <DropZone onFiles={(files) => { takeFiles(app.parcels, chat.id, files, t) }}>
        <ChatHeader chat={chat} onInfo={() => { setInfo(true) }} />
        <PinnedBar chat={chat} />
        <Messages history={history} readUpTo={readUpTo} onSeen={onSeen} />
        <TypingLine chat={chat} />
        {window !== null && <WindowLine window={window} />}
        {window?.state === 'closed' ? <WindowClosed chat={chat} /> : <Composer aim={aim} onAim={setAim} onSaid={() => { setReadUpTo(null) }} history={history} />}
      </DropZone>
      <Suspense>
        {removing !== null && (
          <Confirm title={t('deleteTitle')} text={t('deleteText')} action={t('delete')} onConfirm={() => void act(DeleteMessage, { input: { messageId: removing.id } })} onClose={() => { setRemoving(null) }} />
        )}
        {viewed !== null && <Viewer messages={history.run().messages} id={viewed} onView={setViewed} onClose={() => { setViewed(null) }} />}
        {forwarding !== null && <Forward message={forwarding} onClose={() => { setForwarding(null) }} />}
        {receipts !== null && <Receipts messageId={receipts.id} onClose={() => { setReceipts(null) }} />}
        {reacted !== null && <ReactorList message={reacted} onClose={() => { setReacted(null) }} />}
        {isInfo && <Info chat={chat} onClose={() => { setInfo(false) }} />}
      </Suspense>
    </RoomContext>
  )
}
