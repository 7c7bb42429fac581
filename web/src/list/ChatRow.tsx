import { Link } from '@tanstack/react-router'
import { AtSign, BellOff, MoreHorizontal, Phone, Pin, UserCheck } from 'lucide-react'
import { lazy, memo } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe } from '../app/context.ts'
import { Ticks, statusOf } from '../chat/Ticks.tsx'
import { useUnsent } from '../chat/unsent.ts'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { useTimes } from '../i18n/times.ts'
import { useTypists } from '../live/hooks.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { MenuButton } from '../ui/MenuButton.tsx'
import { useMuteText, useMuted } from './mute.ts'

const ChatMenu = lazy(() => import('./ChatMenu.tsx').then(({ ChatMenu }) => ({ default: ChatMenu })))

/** The other one of a direct chat. */
export function otherOf(chat: ChatLinePartsFragment, userId: string) {
  return chat.kind === 'DIRECT' ? chat.members.nodes.find(({ user }) => user.id !== userId)?.user : undefined
}

/** The face of a chat: that of the other one, of the customer, or of the group. */
export function faceOf(chat: ChatLinePartsFragment, userId: string) {
  const other = otherOf(chat, userId)
  if (chat.whatsapp !== null) return { id: chat.whatsapp.contact.id, name: chat.title, group: false, url: chat.whatsapp.contact.avatarUrl }
  return { id: other?.id ?? chat.id, name: chat.title, group: chat.kind === 'GROUP', url: other === undefined ? chat.avatarUrl : other.avatarUrl }
}

export const ChatRow = memo(function ChatRow({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const me = useMe()
  const times = useTimes()
  const other = otherOf(chat, me.id)
  const { lastMessage: last, viewerMember: own } = chat
  const muted = useMuted([chat])(chat)
  const muteText = useMuteText()
  const unread = chat.unreadCount
  return (
    <div className="group relative h-full py-0.5">
      <Link
        to="/chat/$chatId"
        params={{ chatId: chat.id }}
        search={{}}
        className="flex h-full items-center gap-3 rounded-2xl px-3 hover:bg-hover focus-visible:-outline-offset-2 aria-[current=page]:bg-hover"
      >
        <span className="relative">
          <Avatar {...faceOf(chat, me.id)} userId={other?.id} />
          {chat.whatsapp !== null && (
            <span role="img" aria-label="WhatsApp" className="absolute -right-1 -bottom-1 flex size-5 items-center justify-center rounded-full border-2 border-sheet bg-[#1d7a4d] text-white">
              <Phone className="size-2.5 fill-current" strokeWidth={1} />
            </span>
          )}
        </span>
        <span className="flex min-w-0 flex-1 flex-col gap-0.5">
          <span className="flex items-baseline gap-2">
            <span className="min-w-0 flex-1 truncate font-semibold">{chat.title}</span>
            <time dateTime={chat.lastActivityAt} className={`shrink-0 text-xs group-focus-within:pointer-fine:opacity-0 group-hover:pointer-fine:opacity-0 ${unread > 0 && !muted ? 'font-semibold text-pine' : 'text-faint'}`}>
              {times.brief(chat.lastActivityAt)}
            </time>
          </span>
          <span className="flex items-center gap-1.5">
            {last !== null && last.sender?.id === me.id && last.deletedAt === null && <Ticks status={chat.whatsapp === null ? statusOf(last.number, chat) : last.status} />}
            <Preview chat={chat} />
            {muted && <BellOff role="img" aria-label={muteText(chat)} className="size-3.5 shrink-0 text-faint" />}
            {own?.pinned === true && <Pin role="img" aria-label={t('pinned')} className="size-3.5 shrink-0 text-faint" />}
            {chat.whatsapp?.assignee?.id === me.id && <UserCheck role="img" aria-label={t('whatsapp.yours')} className="size-4 shrink-0 text-pine" />}
            {chat.unreadMentionCount > 0 && <AtSign role="img" aria-label={t('mentioned')} className="size-4 shrink-0 text-pine" />}
            {unread > 0 && (
              <span aria-label={t('unread', { count: unread })} className={`min-w-5 shrink-0 rounded-full px-1.5 text-center text-xs leading-5 font-bold ${muted ? 'bg-line text-ink' : 'bg-pine text-on-pine'}`}>
                {unread > 99 ? '99+' : times.number(unread)}
              </span>
            )}
          </span>
        </span>
      </Link>
      <div className="absolute top-2.5 right-3 opacity-0 group-hover:opacity-100 focus-within:opacity-100 has-[[data-state=open]]:opacity-100">
        <MenuButton label={t('chatMenu', { title: chat.title })} className="rounded-lg bg-hover p-1 text-soft hover:text-ink" menu={(opened) => <ChatMenu chat={chat} {...opened} />}>
          <MoreHorizontal className="size-4.5" />
        </MenuButton>
      </div>
    </div>
  )
})

/** One line of what was said last, or what is about to be. */
function Preview({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const me = useMe()
  const typists = useTypists(chat.id)
  const unsent = useUnsent(chat.id)
  const last = chat.lastMessage
  const line = 'min-w-0 flex-1 truncate text-sm text-soft'
  if (typists[0] !== undefined) return <span className={`${line} text-pine`}>{chat.kind === 'DIRECT' ? t('typing.here') : t('typing.one', { name: typists[0].name })}</span>
  if (unsent !== '') {
    return (
      <span className={line}>
        <span className="font-semibold text-pine">{t('draft')}:</span> {unsent}
      </span>
    )
  }
  if (last === null) return <span className={line}>{t('noMessages')}</span>
  const text = last.deletedAt !== null ? t('deleted') : (last.text ?? (last.kind === 'FILE' ? (last.attachments[0]?.fileName ?? t('kind.FILE')) : t(`kind.${last.kind}`)))
  const who = chat.kind === 'DIRECT' || last.sender?.__typename === 'Contact' ? '' : last.sender?.id === me.id ? `${t('you')}: ` : `${last.sender?.displayName ?? ''}: `
  return <span className={line}>{`${who}${text}`}</span>
}
