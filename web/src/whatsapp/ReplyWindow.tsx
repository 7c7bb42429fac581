import { Clock, Hourglass, LayoutTemplate } from 'lucide-react'
import { Suspense, lazy, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import { Button, IconButton } from '../ui/Button.tsx'
import { leftText } from './window.ts'
import type { ReplyWindow } from './window.ts'

const Templates = lazy(() => import('./Templates.tsx').then(({ Templates }) => ({ default: Templates })))

/** Above the field: how long one may still write freely. */
export function WindowLine({ window }: { window: ReplyWindow }) {
  const { t, i18n } = useTranslation()
  if (window.state === 'closed') return null
  return (
    <p role="timer" className={`flex items-center gap-1.5 px-4 pb-1.5 text-xs font-medium sm:px-7 ${window.isShort ? 'text-alarm' : 'text-soft'}`}>
      <Hourglass aria-hidden className="size-3.5" /> {t('whatsapp.left', { time: leftText(window, i18n.language) })}
    </p>
  )
}

/** Where the field was, once only templates arrive. */
export function WindowClosed({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const isNew = chat.whatsapp?.replyWindowClosesAt === null
  return (
    <div className="mx-3 mb-[max(0.75rem,env(safe-area-inset-bottom))] flex items-center gap-4 rounded-3xl border border-line bg-raised px-5 py-4 max-sm:flex-col sm:mx-6">
      <Clock aria-hidden className="size-7 shrink-0 text-amber max-sm:hidden" strokeWidth={1.75} />
      <p className="min-w-0 flex-1 text-sm">
        <strong className="block text-[0.9375rem]">{t(isNew ? 'whatsapp.unopened' : 'whatsapp.closed')}</strong>
        <span className="text-soft">{t('whatsapp.closedText', { name: chat.title })}</span>
      </p>
      <Button look="main" onClick={() => { setOpen(true) }}>
        <LayoutTemplate aria-hidden className="size-4.5" /> {t('whatsapp.template')}
      </Button>
      <Suspense>{isOpen && <Templates chat={chat} onClose={() => { setOpen(false) }} />}</Suspense>
    </div>
  )
}

/** Templates may be sent at any time. */
export function TemplateButton({ chat }: { chat: ChatLinePartsFragment }) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <IconButton label={t('whatsapp.template')} onClick={() => { setOpen(true) }} className="rounded-full">
        <LayoutTemplate className="size-5" />
      </IconButton>
      <Suspense>{isOpen && <Templates chat={chat} onClose={() => { setOpen(false) }} />}</Suspense>
    </>
  )
}
