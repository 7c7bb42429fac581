import { ChevronDown, CornerUpRight, MapPin, Pin, UserRound } from 'lucide-react'
import { Suspense, lazy, memo } from 'react'
import { useTranslation } from 'react-i18next'
import { useTimes } from '../i18n/times.ts'
import { Avatar, hueOf } from '../ui/Avatar.tsx'
import { MenuButton } from '../ui/MenuButton.tsx'
import type { Message } from './history.ts'
import { MessageText } from './MessageText.tsx'
import { Reactions } from './Reactions.tsx'
import { Ticks } from './Ticks.tsx'
import type { Status } from './Ticks.tsx'
import { useRoom } from './room.ts'
import { heightOf } from './rows.ts'

const Attachments = lazy(() => import('../files/Attachments.tsx').then(({ Attachments }) => ({ default: Attachments })))
const Failure = lazy(() => import('../whatsapp/Failure.tsx').then(({ Failure }) => ({ default: Failure })))
const MessageMenu = lazy(() => import('./MessageMenu.tsx').then(({ MessageMenu }) => ({ default: MessageMenu })))

interface Props {
  message: Message
  first: boolean
  last: boolean
  mine: boolean
  status: Status | null
  /** Somebody came here by a link, a search, a quote. */
  lit: boolean
  /** In a group one wants to know who speaks. */
  named: boolean
}

/** One message as it is shown. */
export const Bubble = memo(function Bubble({ message, first, last, mine, status, lit, named }: Props) {
  const { t } = useTranslation()
  const times = useTimes()
  const { me, jump, view } = useRoom()
  const hasFiles = message.attachments.length > 0
  const isDeleted = message.deletedAt !== null
  const name = message.sender?.displayName ?? t('somebody')
  // There when one points at the message, or moves to it by the keyboard; a long touch opens it too.
  const menu = !isDeleted && (
    <MenuButton
      label={t('messageMenu')}
      tabIndex={-1}
      data-menu
      menu={(opened) => <MessageMenu message={message} mine={mine} {...opened} />}
      className="rounded-lg p-1 text-soft opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 hover:bg-hover focus-visible:opacity-100 data-[state=open]:opacity-100"
    >
      <ChevronDown className="size-4.5" />
    </MenuButton>
  )
  return (
    <article
      tabIndex={-1}
      data-message={message.id}
      data-number={message.number}
      aria-label={t('messageBy', { name: message.sender?.id === me.id ? t('you') : name, time: times.time(message.createdAt) })}
      onContextMenu={(event) => {
        // A mouse gets the browser's own menu, where one copies or follows links.
        if (!matchMedia('(pointer: coarse)').matches) return
        event.preventDefault()
        event.currentTarget.querySelector<HTMLElement>('[data-menu]')?.click()
      }}
      className={`group flex items-end gap-2 px-3 outline-offset-[-3px] sm:px-6 ${mine ? 'flex-row-reverse' : ''} ${first ? 'pt-2.5' : 'pt-0.5'} ${lit ? 'bg-amber/20 transition-colors duration-700' : 'transition-colors duration-700'}`}
    >
      {named && (last ? <Avatar id={message.sender?.id ?? ''} name={name} url={message.sender?.avatarUrl ?? null} size="sm" /> : <span className="w-8 shrink-0" />)}
      <div className={`flex max-w-[82%] min-w-0 flex-col sm:max-w-[68%] ${mine ? 'items-end' : 'items-start'}`}>
        <div className="flex max-w-full items-center gap-1">
          {mine && menu}
          <div
            className={`min-w-0 rounded-[1.15rem] ${hasFiles && !isDeleted ? 'max-w-[21.75rem] px-1.5 pt-1.5 pb-2' : 'px-3.5 py-2'} ${isDeleted ? 'border border-line' : `shadow-bubble ${mine ? 'bg-mine' : 'bg-theirs'}`} ${mine ? (last ? 'rounded-br-md' : '') : last ? 'rounded-bl-md' : ''}`}
          >
            {named && first && (
              <p className={`mb-0.5 text-sm font-bold ${hasFiles ? 'px-2' : ''}`} style={{ color: `color-mix(in oklab, ${hueOf(message.sender?.id ?? '')} 62%, var(--ink))` }}>
                {name}
              </p>
            )}
            {message.forwarded && !isDeleted && (
              <p className={`mb-0.5 flex items-center gap-1 text-xs ${hasFiles ? 'px-2' : ''} ${mine ? 'text-mine-soft' : 'text-faint'}`}>
                <CornerUpRight className="size-3.5" aria-hidden /> {t('forwarded')}
              </p>
            )}
            {message.replyTo !== null && !isDeleted && <Quote message={message.replyTo} onClick={() => { jump(message.replyTo?.id ?? '') }} />}
            {message.location !== null && !isDeleted && <Place place={message.location} />}
            {!isDeleted && message.contactCards.map((card) => <Card key={card.name} {...card} />)}
            {hasFiles && !isDeleted && (
              <Suspense fallback={<span className="block" style={{ height: heightOf(message) }} />}>
                <Attachments files={message.attachments} onView={view} />
              </Suspense>
            )}
            {/* The time stands beside a short text, and below a long one. */}
            <div className={`flex flex-wrap items-end justify-end gap-x-3 ${hasFiles && !isDeleted ? 'px-2 pt-1.5' : ''}`}>
              <div className="min-w-0 flex-auto">
                {isDeleted && <p className="text-faint italic">{t('deleted')}</p>}
                {message.kind === 'UNSUPPORTED' && !isDeleted && <p className="italic">{t('kind.UNSUPPORTED')}</p>}
                {message.text !== null && !isDeleted && <MessageText text={message.text} mentions={message.mentions} me={me.username} />}
              </div>
              <p className={`-mb-0.5 flex items-center gap-1 text-[0.6875rem] leading-4 ${mine && !isDeleted ? 'text-mine-soft' : 'text-faint'}`}>
                {message.pinnedAt !== null && <Pin role="img" aria-label={t('pinned')} className="size-3" />}
                {message.editedAt !== null && !isDeleted && <span>{t('edited')}</span>}
                <time dateTime={message.createdAt} title={times.full(message.createdAt)}>
                  {times.time(message.createdAt)}
                </time>
                {status !== null && !isDeleted && <Ticks status={status} />}
              </p>
            </div>
          </div>
          {!mine && menu}
        </div>
        {message.failure !== null && (
          <Suspense>
            <Failure messageId={message.id} failure={message.failure} />
          </Suspense>
        )}
        {message.reactions.length > 0 && <Reactions message={message} mine={mine} />}
      </div>
    </article>
  )
})

export function Quote({ message, onClick }: { message: NonNullable<Message['replyTo']>; onClick?: () => void }) {
  const { t } = useTranslation()
  const text = message.deletedAt !== null ? t('deleted') : (message.text ?? t(`kind.${message.kind}`))
  return (
    <button type="button" tabIndex={-1} onClick={onClick} className="mb-1 block w-full min-w-0 rounded-lg border-l-[3px] border-pine bg-pine/8 px-2.5 py-1 text-left text-sm">
      <span className="block truncate font-semibold text-pine">{message.sender?.displayName}</span>
      <span className="line-clamp-2 opacity-85">{text}</span>
    </button>
  )
}

function Card({ name, phones }: Message['contactCards'][number]) {
  return (
    <div className="flex items-center gap-3 py-1">
      <UserRound aria-hidden className="size-8 shrink-0 rounded-full bg-pine/12 p-1.5 text-pine" />
      <span className="min-w-0">
        <span className="block truncate font-semibold">{name}</span>
        {phones.map((phone) => (
          <a key={phone} href={`tel:${phone.replace(/\s/g, '')}`} className="block text-sm text-pine underline-offset-2 hover:underline">
            {phone}
          </a>
        ))}
      </span>
    </div>
  )
}

function Place({ place }: { place: NonNullable<Message['location']> }) {
  const { t } = useTranslation()
  const at = `${place.latitude}, ${place.longitude}`
  return (
    <a
      href={`https://www.openstreetmap.org/?mlat=${place.latitude}&mlon=${place.longitude}#map=16/${place.latitude}/${place.longitude}`}
      target="_blank"
      rel="noopener noreferrer"
      className="flex items-center gap-2 py-1 font-semibold text-pine underline-offset-2 hover:underline"
    >
      <MapPin className="size-5 shrink-0" aria-hidden />
      <span>{place.name ?? place.address ?? `${t('location')} ${at}`}</span>
    </a>
  )
}
