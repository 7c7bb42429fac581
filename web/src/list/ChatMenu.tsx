import { Archive, ArchiveRestore, Pin, PinOff, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useAct } from '../app/act.ts'
import type { ChatPartsFragment } from '../generated/graphql.ts'
import { DeleteChat, UpdateChatSettings } from '../graphql/deeds.ts'
import { Menu, MenuItem } from '../ui/Menu.tsx'
import type { Opened } from '../ui/MenuButton.tsx'
import { MuteItems } from './MuteItems.tsx'

/** What can be done with a chat in the list. */
export function ChatMenu({ chat, ...opened }: Opened & { chat: ChatPartsFragment }) {
  const { t } = useTranslation()
  const act = useAct()
  const { pinned, archived } = chat.viewerMember ?? {}
  const set = (input: { pinned?: boolean; archived?: boolean }) => void act(UpdateChatSettings, { input: { chatId: chat.id, ...input } })
  return (
    <Menu {...opened}>
      <MenuItem icon={pinned === true ? PinOff : Pin} onSelect={() => { set({ pinned: pinned !== true }) }}>
        {t(pinned === true ? 'unpinChat' : 'pinChat')}
      </MenuItem>
      <MuteItems chat={chat} />
      <MenuItem icon={archived === true ? ArchiveRestore : Archive} onSelect={() => { set({ archived: archived !== true }) }}>
        {t(archived === true ? 'unarchive' : 'archive')}
      </MenuItem>
      {chat.kind === 'DIRECT' && (
        <MenuItem icon={Trash2} alarm onSelect={() => void act(DeleteChat, { input: { chatId: chat.id } })}>
          {t('deleteChat')}
        </MenuItem>
      )}
    </Menu>
  )
}
