import { Check, CheckCheck, CircleAlert, Clock } from 'lucide-react'
import { useTranslation } from 'react-i18next'

export type Status = 'SENDING' | 'SENT' | 'DELIVERED' | 'READ' | 'FAILED'

/** How far one's own message has come, by the marks of its chat. */
export function statusOf(number: number, chat: { readUpTo: number; deliveredUpTo: number }): Status {
  return number <= chat.readUpTo ? 'READ' : number <= chat.deliveredUpTo ? 'DELIVERED' : 'SENT'
}

const ICONS = { SENDING: Clock, SENT: Check, DELIVERED: CheckCheck, READ: CheckCheck, FAILED: CircleAlert }

export function Ticks({ status }: { status: Status }) {
  const { t } = useTranslation()
  const Icon = ICONS[status]
  const colour = status === 'READ' ? 'text-seen' : status === 'FAILED' ? 'text-alarm' : 'opacity-75'
  return <Icon role="img" aria-label={t(`status.${status}`)} data-status={status} className={`inline size-4 shrink-0 ${colour}`} strokeWidth={2.25} />
}
