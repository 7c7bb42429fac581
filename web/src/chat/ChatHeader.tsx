import { Link } from '@tanstack/react-router'
import { ArrowLeft, Info } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useMe } from '../app/context.ts'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { Members } from '../graphql/documents.ts'
import { useTimes } from '../i18n/times.ts'
import { faceOf, otherOf } from '../list/ChatRow.tsx'
import { usePresence, useThere } from '../live/hooks.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { IconButton } from '../ui/Button.tsx'
import { Assign } from '../whatsapp/Assign.tsx'

export function ChatHeader({ chat, onInfo }: { chat: ChatLinePartsFragment; onInfo: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const other = otherOf(chat, me.id)
  return (
    <header className="flex items-center gap-2 border-b border-line bg-sheet px-2 py-2.5 md:px-4">
      <Link to="/" aria-label={t('back')} className="inline-flex size-10 items-center justify-center rounded-xl text-soft hover:bg-hover md:hidden">
        <ArrowLeft className="size-5" />
      </Link>
      <button type="button" onClick={onInfo} className="flex min-w-0 flex-1 items-center gap-3 rounded-xl px-1 py-0.5 text-left">
        <Avatar {...faceOf(chat, me.id)} size="sm" userId={other?.id} />
        <span className="min-w-0">
          <h2 className="truncate leading-tight font-bold">{chat.title}</h2>
          {other !== undefined ? <There userId={other.id} /> : chat.whatsapp !== null ? <Number chat={chat} /> : <Present chat={chat} />}
        </span>
      </button>
      {chat.whatsapp !== null && <Assign chat={chat} />}
      <IconButton label={t('info')} onClick={onInfo}>
        <Info className="size-5" />
      </IconButton>
    </header>
  )
}

/** Whether the other one is there, else since when not. */
export function There({ userId }: { userId: string }) {
  const { t } = useTranslation()
  const times = useTimes()
  const presence = usePresence(userId)
  if (presence === undefined) return <span className="block h-4" />
  const seen = presence.state === 'OFFLINE' && presence.lastSeenAt !== null ? t('lastSeen', { when: times.ago(presence.lastSeenAt) }) : t(`presence.${presence.state}`)
  return <span className="block truncate text-xs text-soft">{presence.statusText == null ? seen : `${seen} · ${presence.statusText}`}</span>
}

/** By which number a customer writes. */
function Number({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  return <span className="block truncate text-xs text-soft">{`WhatsApp · ${chat.whatsapp?.contact.phone ?? t('whatsapp.hidden')}`}</span>
}

/** How many are in a group, and how many of them are there. */
function Present({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const [{ data }] = useQuery({ query: Members, variables: { chatId: chat.id } })
  const ids = useMemo(() => (data?.chat?.members.nodes ?? []).map(({ user }) => user.id), [data])
  const count = useThere(ids)
  return (
    <span className="block truncate text-xs text-soft">
      {t('members', { count: chat.memberCount })}
      {count > 0 && ` · ${t('active', { count })}`}
    </span>
  )
}
