import { Bell, BellOff, Ban, LogOut } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import { useAct } from '../app/act.ts'
import { useMe } from '../app/context.ts'
import { There } from '../chat/ChatHeader.tsx'
import { AvatarField } from '../files/AvatarField.tsx'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { BlockUser, LeaveChat, UpdateChat, UpdateChatSettings } from '../graphql/deeds.ts'
import { Person } from '../graphql/documents.ts'
import { useTimes } from '../i18n/times.ts'
import { faceOf, otherOf } from '../list/ChatRow.tsx'
import { MuteMenu } from '../list/MuteItems.tsx'
import { useMuteText, useMuted } from '../list/mute.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button, buttonClass } from '../ui/Button.tsx'
import { Confirm, Sheet } from '../ui/Dialog.tsx'
import { MenuButton } from '../ui/MenuButton.tsx'
import { Assign } from '../whatsapp/Assign.tsx'
import { EditGroup } from './EditGroup.tsx'
import { InviteLink } from './InviteLink.tsx'
import { MemberList } from './MemberList.tsx'

/** All about a chat, at the right edge. */
export function Info({ chat, onClose }: { chat: ChatLinePartsFragment; onClose: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const act = useAct()
  const [asks, setAsks] = useState<'leave' | 'block' | null>(null)
  const other = otherOf(chat, me.id)
  const muted = useMuted([chat])(chat)
  const muteText = useMuteText()
  const manages = chat.kind === 'GROUP' && chat.viewerMember?.role !== 'MEMBER'
  return (
    <Sheet title={t('info')} open onClose={onClose} className="inset-y-0 right-0 w-full overflow-y-auto sm:w-96">
      <div className="flex flex-col items-center gap-1 px-6 pb-5 text-center">
        {manages ? (
          <AvatarField {...faceOf(chat, me.id)} onChange={(avatarAttachmentId) => act(UpdateChat, { input: { chatId: chat.id, avatarAttachmentId } })} />
        ) : (
          <Avatar {...faceOf(chat, me.id)} size="lg" />
        )}
        <h3 className="mt-3 text-xl font-bold [overflow-wrap:anywhere]">{chat.title}</h3>
        {other !== undefined ? <There userId={other.id} /> : chat.whatsapp === null ? <p className="text-sm text-soft">{t('members', { count: chat.memberCount })}</p> : <Customer chat={chat} />}
        {chat.description !== null && <p className="mt-2 text-soft whitespace-pre-wrap">{chat.description}</p>}
        {manages && <EditGroup chat={chat} />}
      </div>
      {other !== undefined && <About userId={other.id} />}
      {chat.kind === 'GROUP' && (
        <>
          {manages && <InviteLink chatId={chat.id} />}
          <MemberList chat={chat} />
        </>
      )}
      <Section title={t('settings.short')}>
        {muted ? (
          <>
            <p className="px-4 pb-1 text-sm text-soft">{muteText(chat)}</p>
            <Button look="quiet" className="justify-start" onClick={() => void act(UpdateChatSettings, { input: { chatId: chat.id, mutedUntil: null } })}>
              <Bell className="size-5" aria-hidden /> {t('unmute')}
            </Button>
          </>
        ) : (
          <MenuButton label={t('mute')} menu={(opened) => <MuteMenu chat={chat} {...opened} />} className={buttonClass('quiet', 'justify-start')}>
            <BellOff className="size-5" aria-hidden /> {t('mute')}
          </MenuButton>
        )}
        {chat.kind === 'GROUP' && (
          <Button look="quiet" className="justify-start text-alarm" onClick={() => { setAsks('leave') }}>
            <LogOut className="size-5" aria-hidden /> {t('group.leave')}
          </Button>
        )}
        {other !== undefined && (
          <Button look="quiet" className="justify-start text-alarm" onClick={() => { setAsks('block') }}>
            <Ban className="size-5" aria-hidden /> {t('block', { name: chat.title })}
          </Button>
        )}
      </Section>
      {asks === 'leave' && <Confirm title={t('group.leave')} text={t('group.leaveText')} action={t('group.leave')} onClose={() => { setAsks(null) }} onConfirm={() => void act(LeaveChat, { input: { chatId: chat.id } }).then((done) => { if (done !== null) onClose() })} />}
      {asks === 'block' && <Confirm title={t('block', { name: chat.title })} text={t('blockText')} action={t('blockDo')} onClose={() => { setAsks(null) }} onConfirm={() => void act(BlockUser, { input: { userId: other?.id ?? '' } })} />}
    </Sheet>
  )
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col border-t border-line px-4 py-4">
      <h4 className="px-2 pb-2 text-xs font-bold tracking-wide text-faint uppercase">{title}</h4>
      {children}
    </section>
  )
}

/** By which number a customer writes, and who answers. */
function Customer({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const phone = chat.whatsapp?.contact.phone ?? null
  return (
    <>
      {phone === null ? <p className="text-soft">{t('whatsapp.hidden')}</p> : <a href={`tel:${phone}`} className="font-semibold text-pine underline-offset-2 hover:underline">{phone}</a>}
      <span className="mt-3">
        <Assign chat={chat} />
      </span>
    </>
  )
}

function About({ userId }: { userId: string }) {
  const { t } = useTranslation()
  const times = useTimes()
  const [{ data }] = useQuery({ query: Person, variables: { id: userId } })
  const person = data?.user
  if (person == null) return null
  return (
    <Section title={t('about')}>
      <p className="px-2 font-semibold">@{person.username}</p>
      {person.bio !== null && <p className="px-2 pt-1 whitespace-pre-wrap text-soft">{person.bio}</p>}
      <p className="px-2 pt-1 text-sm text-faint">{t('since', { date: times.date(person.createdAt) })}</p>
    </Section>
  )
}
