import { RotateCw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useAct } from '../app/act.ts'
import type { Message } from '../chat/history.ts'
import { RetryMessage } from '../graphql/deeds.ts'

/** Why a customer did not get a message, and what can be done. */
export function Failure({ messageId, failure }: { messageId: string; failure: NonNullable<Message['failure']> }) {
  const { t } = useTranslation()
  const act = useAct()
  return (
    <div role="alert" className="mt-1 flex max-w-full flex-wrap items-center justify-end gap-x-2 text-sm text-alarm">
      {/* Rare ones come in the server's own words, which are English. */}
      <span title={failure.detail ?? undefined}>{t(`undelivered.${failure.code}`, { defaultValue: failure.title })}</span>
      {failure.retryable && (
        <button type="button" className="flex items-center gap-1 rounded-lg px-2 py-1 font-semibold hover:bg-hover" onClick={() => void act(RetryMessage, { input: { messageId } })}>
          <RotateCw className="size-3.5" aria-hidden /> {t('retry')}
        </button>
      )}
    </div>
  )
}
