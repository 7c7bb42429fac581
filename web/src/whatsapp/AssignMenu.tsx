import { UserCheck, UserRound, UserRoundX } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import { useMe } from '../app/context.ts'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { AssignChat } from '../graphql/deeds.ts'
import { Members } from '../graphql/documents.ts'
import { Menu, MenuItem, MenuLine } from '../ui/Menu.tsx'
import type { Opened } from '../ui/MenuButton.tsx'

/** All who answer customers. */
export function AssignMenu({ chat, ...opened }: Opened & { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const me = useMe()
  const act = useAct()
  const [{ data }] = useQuery({ query: Members, variables: { chatId: chat.id } })
  const assigneeId = chat.whatsapp?.assignee?.id ?? null
  const others = (data?.chat?.members.nodes ?? []).map(({ user }) => user).filter(({ id }) => id !== me.id && id !== assigneeId)
  const assign = (userId: string | null) => void act(AssignChat, { input: { chatId: chat.id, userId } })
  return (
    <Menu {...opened}>
      {assigneeId !== me.id && <MenuItem icon={UserCheck} onSelect={() => { assign(me.id) }}>{t('whatsapp.take')}</MenuItem>}
      {others.map(({ id, displayName }) => (
        <MenuItem key={id} icon={UserRound} onSelect={() => { assign(id) }}>{displayName}</MenuItem>
      ))}
      {assigneeId !== null && (
        <>
          <MenuLine />
          <MenuItem icon={UserRoundX} onSelect={() => { assign(null) }}>{t('whatsapp.release')}</MenuItem>
        </>
      )}
    </Menu>
  )
}
