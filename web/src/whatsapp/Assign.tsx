import { UserCheck, UserRound } from 'lucide-react'
import { lazy } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe } from '../app/context.ts'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { MenuButton } from '../ui/MenuButton.tsx'

const AssignMenu = lazy(() => import('./AssignMenu.tsx').then(({ AssignMenu }) => ({ default: AssignMenu })))

/** Who is to answer a customer, and the way to somebody else. */
export function Assign({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const me = useMe()
  const assignee = chat.whatsapp?.assignee ?? null
  const name = assignee === null ? t('whatsapp.nobody') : assignee.id === me.id ? t('you') : assignee.displayName
  return (
    <MenuButton
      label={t('whatsapp.assigned', { name })}
      title={t('whatsapp.assigned', { name })}
      menu={(opened) => <AssignMenu chat={chat} {...opened} />}
      className={`flex h-9 max-w-44 items-center gap-2 rounded-full border px-3 text-sm font-semibold hover:bg-hover ${assignee === null ? 'border-dashed border-line text-soft' : 'border-pine/40 text-pine'}`}
    >
      {assignee === null ? <UserRound aria-hidden className="size-4 shrink-0" /> : <UserCheck aria-hidden className="size-4 shrink-0" />}
      <span className="truncate max-sm:sr-only">{name}</span>
    </MenuButton>
  )
}
