import type { Draft } from 'parley/client'
import { RotateCw, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { faultText } from '../app/act.ts'
import { useApp } from '../app/context.ts'
import { Previews } from '../files/Previews.tsx'
import { MessageText } from './MessageText.tsx'
import { Ticks } from './Ticks.tsx'

/** What is on its way, or was refused: then a tap sends it again. */
export function DraftBubble({ draft, first, last }: { draft: Draft; first: boolean; last: boolean }) {
  const { t, i18n } = useTranslation()
  const { outbox, parcels } = useApp()
  const isFailed = draft.state === 'FAILED'
  const own = (draft.input.attachmentIds ?? []).flatMap((id) => parcels.own(id) ?? [])
  const text = draft.input.text ?? (own.length > 0 ? null : t(draft.input.forwardOfId == null ? 'attachment' : 'forwarded'))
  const fault = draft.errors[0]
  return (
    <article aria-label={t('messageBy', { name: t('you'), time: t(`status.${draft.state}`) })} className={`flex flex-col items-end px-3 sm:px-6 ${first ? 'pt-2.5' : 'pt-0.5'}`}>
      <div
        {...(isFailed && { role: 'button', tabIndex: 0, 'aria-label': t('retry'), onClick: () => { outbox.here.retry(draft.clientId) }, onKeyDown: ({ key }: { key: string }) => { if (key === 'Enter') outbox.here.retry(draft.clientId) } })}
        className={`max-w-[82%] min-w-0 rounded-[1.15rem] bg-mine shadow-bubble ${own.length > 0 ? 'px-1.5 pt-1.5 pb-2' : 'px-3.5 py-2'} sm:max-w-[68%] ${last ? 'rounded-br-md' : ''} ${isFailed ? 'outline-2 outline-alarm' : 'opacity-85'}`}
      >
        {own.length > 0 && <Previews uploads={own} />}
        <div className={`flex flex-wrap items-end justify-end gap-x-3 ${own.length > 0 ? 'px-2 pt-1.5' : ''}`}>
          <div className="min-w-0 flex-auto">
            {text !== null && <MessageText text={text} mentions={[]} me="" />}
          </div>
          <p className="-mb-0.5 text-[0.6875rem] leading-4 text-mine-soft">
            <Ticks status={draft.state} />
          </p>
        </div>
      </div>
      {isFailed && (
        <div role="alert" className="mt-1 flex items-center gap-1 text-sm text-alarm">
          <span>{fault === undefined ? t('status.FAILED') : faultText(t, i18n.language, fault)}</span>
          <button type="button" className="flex items-center gap-1 rounded-lg px-2 py-1 font-semibold hover:bg-hover" onClick={() => { outbox.here.retry(draft.clientId) }}>
            <RotateCw className="size-3.5" aria-hidden /> {t('retry')}
          </button>
          <button type="button" aria-label={t('discard')} title={t('discard')} className="rounded-lg p-1.5 hover:bg-hover" onClick={() => { outbox.here.discard(draft.clientId) }}>
            <Trash2 className="size-3.5" />
          </button>
        </div>
      )}
    </article>
  )
}
