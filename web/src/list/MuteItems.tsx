import { Bell, BellOff } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useAct } from '../app/act.ts'
import type { ChatPartsFragment } from '../generated/graphql.ts'
import { UpdateChatSettings } from '../graphql/deeds.ts'
import { Menu, MenuItem, MenuLabel, SubMenu } from '../ui/Menu.tsx'
import type { Opened } from '../ui/MenuButton.tsx'
import { SPANS, endOf, useMuteText, useMuted } from './mute.ts'
import type { Span } from './mute.ts'

function Spans({ chat }: { chat: ChatPartsFragment }) {
  const { t } = useTranslation()
  const act = useAct()
  return (Object.keys(SPANS) as Span[]).map((span) => (
    <MenuItem key={span} onSelect={() => void act(UpdateChatSettings, { input: { chatId: chat.id, mutedUntil: endOf(span) } })}>
      {t(`muteFor.${span}`)}
    </MenuItem>
  ))
}

/** In the menu of a chat: for how long to hear nothing of it; where it is muted, until when, and how to end that. */
export function MuteItems({ chat }: { chat: ChatPartsFragment }) {
  const { t } = useTranslation()
  const act = useAct()
  const muteText = useMuteText()
  const muted = useMuted([chat])(chat)
  if (!muted) {
    return (
      <SubMenu icon={BellOff} label={t('mute')}>
        <Spans chat={chat} />
      </SubMenu>
    )
  }
  return (
    <>
      <MenuLabel>{muteText(chat)}</MenuLabel>
      <MenuItem icon={Bell} onSelect={() => void act(UpdateChatSettings, { input: { chatId: chat.id, mutedUntil: null } })}>
        {t('unmute')}
      </MenuItem>
    </>
  )
}

/** The same for how long, as a menu of its own. */
export function MuteMenu({ chat, ...opened }: Opened & { chat: ChatPartsFragment }) {
  return (
    <Menu {...opened} align="start">
      <Spans chat={chat} />
    </Menu>
  )
}
