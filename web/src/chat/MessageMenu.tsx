import { CheckCheck, ChevronDown, Copy, CornerUpLeft, CornerUpRight, Pencil, Pin, PinOff, SmilePlus, Trash2 } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MenuItem, MenuLine } from '../ui/Menu.tsx'
import { toast } from '../ui/toast.ts'
import type { Message } from './history.ts'
import { useRoom } from './room.ts'

const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏']
const MORE = [...'🎉🔥👏💯✅❌👀🤔😀😅😍😎😡😭🥳🤝💪🙌👌✨⭐🚀🐢☕🍰🌱🌈☀'].map((emoji) => (emoji === '☀' ? '☀️' : emoji))

/** What can be done with a message. It is there when one points at it, or moves to it by the keyboard; on a touch screen always. */
export function MessageMenu({ message, mine }: { message: Message; mine: boolean }) {
  const { t } = useTranslation()
  const { chat, react, aim, forward, pin, remove, showReceipts } = useRoom()
  const [open, setOpen] = useState(false)
  const [isAll, setAll] = useState(false)
  const manages = chat.viewerMember?.role !== 'MEMBER'
  return (
    <DropdownMenu.Root
      modal={false}
      open={open}
      onOpenChange={(is) => {
        setOpen(is)
        if (!is) setAll(false)
      }}
    >
      <DropdownMenu.Trigger asChild>
        <button
          type="button"
          tabIndex={-1}
          data-menu
          aria-label={t('messageMenu')}
          className="shrink-0 rounded-lg p-1 text-soft opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 hover:bg-hover focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-60"
        >
          <ChevronDown className="size-4.5" />
        </button>
      </DropdownMenu.Trigger>
      {open && (
        <DropdownMenu.Portal>
          <DropdownMenu.Content align={mine ? 'end' : 'start'} sideOffset={4} collisionPadding={8} className="z-50 w-60 animate-rise rounded-2xl border border-line bg-raised p-1.5 shadow-card">
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
            {mine && message.text !== null && !message.forwarded && <MenuItem icon={Pencil} onSelect={() => { aim({ kind: 'edit', message }) }}>{t('edit')}</MenuItem>}
            {mine && <MenuItem icon={CheckCheck} onSelect={() => { showReceipts(message) }}>{t('receipts')}</MenuItem>}
            {(mine || (chat.kind === 'GROUP' && manages)) && <MenuItem icon={Trash2} alarm onSelect={() => { remove(message) }}>{t('delete')}</MenuItem>}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      )}
    </DropdownMenu.Root>
  )
}
