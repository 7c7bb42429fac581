import { Suspense, lazy, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useTimes } from '../i18n/times.ts'
import type { Message } from './history.ts'
import { useRoom } from './room.ts'

const Reactors = lazy(() => import('./Reactors.tsx').then(({ Reactors }) => ({ default: Reactors })))

/** What others gave to a message; a press gives the same, or takes it back. */
export function Reactions({ message, mine }: { message: Message; mine: boolean }) {
  const { t } = useTranslation()
  return (
    <ul aria-label={t('reactions')} className={`z-[1] -mt-1 mb-1 flex flex-wrap gap-1 px-1 ${mine ? 'justify-end' : ''}`}>
      {message.reactions.map((group) => (
        <Pill key={group.emoji} message={message} {...group} />
      ))}
    </ul>
  )
}

/** Who gave it stands beside it while one points at it or has moved to it by the keyboard; a long touch or the other mouse button shows all of them. */
function Pill({ message, emoji, count, viewerReacted }: { message: Message } & Message['reactions'][number]) {
  const { t } = useTranslation()
  const times = useTimes()
  const { react, showReactors } = useRoom()
  const [isNear, setNear] = useState(false)
  const id = useId()
  return (
    <li className="relative" onPointerEnter={({ pointerType }) => { setNear(pointerType === 'mouse') }} onPointerLeave={() => { setNear(false) }}>
      <button
        type="button"
        aria-pressed={viewerReacted}
        aria-label={t('reaction', { emoji, count })}
        aria-describedby={isNear ? id : undefined}
        onFocus={({ currentTarget }) => { if (currentTarget.matches(':focus-visible')) setNear(true) }}
        onBlur={() => { setNear(false) }}
        onContextMenu={(event) => {
          event.preventDefault()
          // What a long touch opens on the message itself.
          event.stopPropagation()
          setNear(false)
          showReactors(message)
        }}
        onClick={() => { react(message, emoji) }}
        className="flex items-center gap-1 rounded-full border border-line bg-raised px-2 py-0.5 text-xs font-semibold text-soft select-none hover:bg-hover aria-pressed:border-pine aria-pressed:text-pine"
      >
        <span className="text-sm leading-none">{emoji}</span> {count > 1 && times.number(count)}
      </button>
      {isNear && (
        <Suspense>
          <Reactors id={id} message={message} emoji={emoji} onClose={() => { setNear(false) }} />
        </Suspense>
      )}
    </li>
  )
}
