import { CheckCheck, Copy, CornerUpLeft, CornerUpRight, Pencil, Pin, PinOff, Smile, SmilePlus, Trash2 } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Menu, MenuItem, MenuLine } from '../ui/Menu.tsx'
import type { Opened } from '../ui/MenuButton.tsx'
import { toast } from '../ui/toast.ts'
import type { Message } from './history.ts'
import { useRoom } from './room.ts'

const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏']
const MORE = [...'🎉🔥👏💯✅❌👀🤔😀😅😍😎😡😭🥳🤝💪🙌👌✨⭐🚀🐢☕🍰🌱🌈☀'].map((emoji) => (emoji === '☀' ? '☀️' : emoji))

/** What can be done with a message. */
export function MessageMenu({ message, mine, ...opened }: Opened & { message: Message; mine: boolean }) {
  const { t } = useTranslation()
  const { me, chat, react, aim, forward, pin, remove, showReceipts, showReactors } = useRoom()
  const [isAll, setAll] = useState(false)
  // What a customer got stays as it is: WhatsApp takes nothing back.
  const isFree = chat.kind !== 'WHATSAPP'
  const own = mine && message.sender?.id === me.id
  const manages = chat.viewerMember?.role !== 'MEMBER'
  return (
    <Menu {...opened} align={mine ? 'end' : 'start'} className="w-60">
      <DropdownMenu.Group aria-label={t('react')} className="flex flex-wrap">
        {(isAll ? [...QUICK, ...MORE] : QUICK).map((emoji) => (
          <DropdownMenu.Item key={emoji} aria-label={t('reactWith', { emoji })} onSelect={() => { react(message, emoji) }} className="flex size-8 cursor-pointer items-center justify-center rounded-lg text-xl outline-none data-highlighted:bg-hover">
            {emoji}
          </DropdownMenu.Item>
        ))}
        {!isAll && (
          <DropdownMenu.Item
            aria-label={t('reactMore')}
            onSelect={(event) => {
              event.preventDefault()
              setAll(true)
            }}
            className="flex size-8 cursor-pointer items-center justify-center rounded-lg text-soft outline-none data-highlighted:bg-hover"
          >
            <SmilePlus className="size-4.5" />
          </DropdownMenu.Item>
        )}
      </DropdownMenu.Group>
      <MenuLine />
      <MenuItem icon={CornerUpLeft} onSelect={() => { aim({ kind: 'reply', message }) }}>{t('reply')}</MenuItem>
      <MenuItem icon={CornerUpRight} onSelect={() => { forward(message) }}>{t('forward')}</MenuItem>
      {message.text !== null && (
        <MenuItem icon={Copy} onSelect={() => void navigator.clipboard?.writeText(message.text ?? '').then(() => { toast(t('copied')) })}>{t('copy')}</MenuItem>
      )}
      {(chat.kind !== 'GROUP' || manages) && (
        <MenuItem icon={message.pinnedAt === null ? Pin : PinOff} onSelect={() => { pin(message) }}>{t(message.pinnedAt === null ? 'pin' : 'unpin')}</MenuItem>
      )}
      {isFree && own && message.text !== null && !message.forwarded && <MenuItem icon={Pencil} onSelect={() => { aim({ kind: 'edit', message }) }}>{t('edit')}</MenuItem>}
      {isFree && own && <MenuItem icon={CheckCheck} onSelect={() => { showReceipts(message) }}>{t('receipts')}</MenuItem>}
      {message.reactions.length > 0 && <MenuItem icon={Smile} onSelect={() => { showReactors(message) }}>{t('reactors')}</MenuItem>}
      {isFree && (own || (chat.kind === 'GROUP' && manages)) && <MenuItem icon={Trash2} alarm onSelect={() => { remove(message) }}>{t('delete')}</MenuItem>}
    </Menu>
  )
}
