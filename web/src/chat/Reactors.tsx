import { HoverCard } from 'radix-ui'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useApp } from '../app/context.ts'
import type { ReactorsQuery } from '../generated/graphql.ts'
import { Reactors as ReactorsDocument } from '../graphql/documents.ts'
import { useTimes } from '../i18n/times.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import type { Message } from './history.ts'
import { useRoom } from './room.ts'

type Group = NonNullable<ReactorsQuery['message']>['reactions'][number]

/** So many stand beside a reaction; the dialog has a page of them. */
const FEW = 12
const MANY = 100
/** Who only passes over it asks for nothing. */
const PAUSE_MS = 250

/** Who gave what to a message, asked for anew when that changes; null: not known yet. */
function useReactors(message: Message, first: number, pauseMs: number): readonly Group[] | null {
  const { historyOf, ask } = useApp()
  const { chat } = useRoom()
  const history = historyOf(chat.id)
  const [groups, setGroups] = useState<readonly Group[] | null>(null)
  const seq = useSyncExternalStore(history.subscribe, () => history.run().messages.find(({ id }) => id === message.id)?.seq ?? 0)
  useEffect(() => {
    let isOver = false
    const timer = setTimeout(() => {
      // Not by the cache, where the groups of a message have no ids: one would keep the people of another that stood in its place.
      ask(ReactorsDocument, { messageId: message.id, first }).then(
        ({ message }) => { if (!isOver) setGroups(message?.reactions ?? []) },
        () => undefined,
      )
    }, pauseMs)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [ask, message.id, seq, first, pauseMs])
  return groups
}

function useNames() {
  const { t, i18n } = useTranslation()
  const { me } = useRoom()
  return ({ count, actors }: Group): string => {
    const own = actors.nodes.filter(({ id }) => id === me.id).map(() => t('you'))
    const names = [...own, ...actors.nodes.filter(({ id }) => id !== me.id).map(({ displayName }) => displayName)]
    const more = count - names.length
    return new Intl.ListFormat(i18n.language).format(more > 0 ? [...names, t('others', { count: more })] : names)
  }
}

/** The names, beside a reaction that one points at. `id` is that by which the reaction is described. */
export function Reactors({ id, message, emoji, onClose }: { id: string; message: Message; emoji: string; onClose: () => void }) {
  const group = useReactors(message, FEW, PAUSE_MS)?.find((each) => each.emoji === emoji)
  const namesOf = useNames()
  return (
    group !== undefined && (
      <HoverCard.Root open onOpenChange={(is) => { if (!is) onClose() }}>
        <HoverCard.Trigger asChild>
          <span aria-hidden className="pointer-events-none absolute inset-0" />
        </HoverCard.Trigger>
        <HoverCard.Portal>
          <HoverCard.Content id={id} role="tooltip" side="top" sideOffset={6} collisionPadding={8} className="pointer-events-none z-50 max-w-64 animate-rise rounded-xl border border-line bg-raised px-3 py-1.5 text-sm shadow-card">
            {namesOf(group)}
          </HoverCard.Content>
        </HoverCard.Portal>
      </HoverCard.Root>
    )
  )
}

/** All who reacted to a message, by what they gave. */
export function ReactorList({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t } = useTranslation()
  const times = useTimes()
  const { me } = useRoom()
  const groups = useReactors(message, MANY, 0)
  return (
    <Dialog title={t('reactors')} open onClose={onClose}>
      {groups?.map(({ emoji, count, actors }) => (
        <section key={emoji} aria-label={t('reaction', { emoji, count })} className="pb-4 last:pb-0">
          <h3 aria-hidden className="flex items-center gap-2 pb-2 font-semibold text-soft">
            <span className="text-xl leading-none">{emoji}</span> {times.number(count)}
          </h3>
          <ul className="flex flex-col gap-3">
            {actors.nodes.map(({ id, displayName, avatarUrl }) => (
              <li key={id} className="flex items-center gap-3">
                <Avatar id={id} name={displayName} url={avatarUrl} size="sm" />
                <span className="min-w-0 flex-1 truncate font-semibold">{id === me.id ? t('you') : displayName}</span>
              </li>
            ))}
            {count > actors.nodes.length && <li className="text-soft">{t('others', { count: count - actors.nodes.length })}</li>}
          </ul>
        </section>
      ))}
      {groups?.length === 0 && <p className="text-soft">{t('receiptsNone')}</p>}
    </Dialog>
  )
}
