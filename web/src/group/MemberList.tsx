import { MoreHorizontal, Shield, ShieldCheck, ShieldOff, UserMinus, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import { useMe } from '../app/context.ts'
import type { ChatLinePartsFragment, MemberRole, PersonPartsFragment } from '../generated/graphql.ts'
import { AddMembers, RemoveMember, SetMemberRole } from '../graphql/deeds.ts'
import { Members } from '../graphql/documents.ts'
import { PeoplePicker } from '../list/PeoplePicker.tsx'
import { Avatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Menu, MenuItem } from '../ui/Menu.tsx'
import { MenuButton } from '../ui/MenuButton.tsx'
import { Section } from './Info.tsx'

/** Who is in a group; for those who manage it, what can be done about that. */
export function MemberList({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const act = useAct()
  const [adding, setAdding] = useState(false)
  const [after, setAfter] = useState<readonly (string | undefined)[]>([undefined])
  const manages = chat.viewerMember?.role !== 'MEMBER'
  // Those of the first page at least are not offered again.
  const [{ data }] = useQuery({ query: Members, variables: { chatId: chat.id } })
  async function add(person: PersonPartsFragment): Promise<void> {
    setAdding(false)
    await act(AddMembers, { input: { chatId: chat.id, userIds: [person.id] } })
  }
  return (
    <Section title={t('members', { count: chat.memberCount })}>
      {manages && (
        <Button look="quiet" className="justify-start" onClick={() => { setAdding(true) }}>
          <UserPlus className="size-5" aria-hidden /> {t('group.add')}
        </Button>
      )}
      <ul>
        {after.map((cursor, index) => (
          <MemberPage key={cursor ?? ''} chat={chat} after={cursor} onMore={index < after.length - 1 ? null : (next) => { setAfter([...after, next]) }} />
        ))}
      </ul>
      {adding && (
        <Dialog title={t('group.add')} open onClose={() => { setAdding(false) }}>
          <PeoplePicker without={new Set(data?.chat?.members.nodes.map(({ user }) => user.id))} onPick={(person) => void add(person)} />
        </Dialog>
      )}
    </Section>
  )
}

/** A hundred members; `onMore`: takes the place behind them, where there are others. */
function MemberPage({ chat, after, onMore }: { chat: ChatLinePartsFragment; after: string | undefined; onMore: ((after: string) => void) | null }) {
  const { t } = useTranslation()
  const me = useMe()
  const act = useAct()
  const [{ data }] = useQuery({ query: Members, variables: { chatId: chat.id, after }, requestPolicy: 'cache-and-network' })
  const { nodes: members = [], pageInfo } = data?.chat?.members ?? {}
  const role = chat.viewerMember?.role
  const manages = role !== 'MEMBER'
  const setRole = (userId: string, to: MemberRole) => void act(SetMemberRole, { input: { chatId: chat.id, userId, role: to } })
  return (
    <>
      {members.map(({ id, role: theirs, user }) => (
        <li key={id} className="flex items-center gap-3 rounded-2xl px-2 py-1.5">
          <Avatar id={user.id} name={user.displayName} url={user.avatarUrl} size="sm" userId={user.id} />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-semibold">{user.id === me.id ? t('you') : user.displayName}</span>
            <span className="block truncate text-sm text-soft">@{user.username}</span>
          </span>
          {theirs !== 'MEMBER' && <span className="rounded-full bg-hover px-2 py-0.5 text-xs font-semibold text-soft">{t(`role.${theirs}`)}</span>}
          {manages && user.id !== me.id && (role === 'OWNER' || theirs === 'MEMBER') && (
            <MenuButton
              label={t('memberMenu', { name: user.displayName })}
              className="rounded-lg p-1.5 text-soft hover:bg-hover"
              menu={(opened) => (
                <Menu {...opened}>
                  {role === 'OWNER' && theirs !== 'OWNER' && <MenuItem icon={ShieldCheck} onSelect={() => { setRole(user.id, 'OWNER') }}>{t('role.toOWNER')}</MenuItem>}
                  {role === 'OWNER' && theirs !== 'ADMIN' && <MenuItem icon={Shield} onSelect={() => { setRole(user.id, 'ADMIN') }}>{t('role.toADMIN')}</MenuItem>}
                  {role === 'OWNER' && theirs !== 'MEMBER' && <MenuItem icon={ShieldOff} onSelect={() => { setRole(user.id, 'MEMBER') }}>{t('role.toMEMBER')}</MenuItem>}
                  <MenuItem icon={UserMinus} alarm onSelect={() => void act(RemoveMember, { input: { chatId: chat.id, userId: user.id } })}>{t('group.remove')}</MenuItem>
                </Menu>
              )}
            >
              <MoreHorizontal className="size-4.5" />
            </MenuButton>
          )}
        </li>
      ))}
      {onMore !== null && pageInfo?.hasNextPage === true && (
        <li>
          <Button look="quiet" className="w-full" onClick={() => { onMore(pageInfo.endCursor ?? '') }}>
            {t('moreMembers')}
          </Button>
        </li>
      )}
    </>
  )
}
