import { Pin } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useQuery } from 'urql'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { Pinned } from '../graphql/documents.ts'
import { useRoom } from './room.ts'

/** The newest pin; a tap leads there, and shows the next one. */
export function PinnedBar({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const { jump } = useRoom()
  const [at, setAt] = useState(0)
  const [{ data }] = useQuery({ query: Pinned, variables: { chatId: chat.id } })
  const pins = data?.chat?.pinnedMessages ?? []
  const pin = pins[at % Math.max(1, pins.length)]
  if (pin === undefined) return null
  return (
    <button
      type="button"
      onClick={() => {
        jump(pin.id)
        setAt(at + 1)
      }}
      aria-label={t('toPin', { text: pin.text ?? '' })}
      className="flex items-center gap-3 border-b border-line bg-sheet px-5 py-1.5 text-left text-sm hover:bg-hover"
    >
      <Pin aria-hidden className="size-4 shrink-0 text-pine" />
      <span className="min-w-0 flex-1 truncate">
        <span className="font-semibold text-pine">{pin.sender?.displayName}</span> {pin.text ?? t('attachment')}
      </span>
      {pins.length > 1 && <span className="text-xs text-faint">{`${(at % pins.length) + 1}/${pins.length}`}</span>}
    </button>
  )
}
