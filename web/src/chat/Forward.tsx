import { useTranslation } from 'react-i18next'
import { useApp, useMe } from '../app/context.ts'
import { faceOf } from '../list/ChatRow.tsx'
import { useChats } from '../list/useChats.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { toast } from '../ui/toast.ts'
import type { Message } from './history.ts'

/** Where a message is to go as well. */
export function Forward({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t } = useTranslation()
  const app = useApp()
  const me = useMe()
  const { chats } = useChats('all')
  return (
    <Dialog title={t('forwardTo')} open onClose={onClose}>
      <ul className="-mx-3">
        {chats.map((chat) => (
          <li key={chat.id}>
            <button
              type="button"
              className="flex w-full items-center gap-3 rounded-2xl px-3 py-2 text-left font-semibold hover:bg-hover"
              onClick={() => {
                app.outbox.here.send({ chatId: chat.id, forwardOfId: message.id })
                toast(t('forwardedTo', { title: chat.title }))
                onClose()
              }}
            >
              <Avatar {...faceOf(chat, me.id)} size="sm" />
              <span className="min-w-0 flex-1 truncate">{chat.title}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
