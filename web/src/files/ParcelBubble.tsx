import { RotateCw, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { faultText } from '../app/act.ts'
import { useApp } from '../app/context.ts'
import { MessageText } from '../chat/MessageText.tsx'
import { Ticks } from '../chat/Ticks.tsx'
import type { Parcel } from './parcels.ts'
import { Previews } from './Previews.tsx'

/** A message whose files are on their way. */
export function ParcelBubble({ parcel, first }: { parcel: Parcel; first: boolean }) {
  const { t, i18n } = useTranslation()
  const { parcels } = useApp()
  const fault = parcel.uploads.find((upload) => upload.fault !== null)?.fault ?? null
  return (
    <article aria-label={t('messageBy', { name: t('you'), time: t(fault === null ? 'status.SENDING' : 'status.FAILED') })} className={`flex flex-col items-end px-3 sm:px-6 ${first ? 'pt-2.5' : 'pt-0.5'}`}>
      <div className={`max-w-[min(82%,21.75rem)] min-w-0 rounded-[1.15rem] rounded-br-md bg-mine px-1.5 pt-1.5 pb-2 shadow-bubble sm:max-w-[min(68%,21.75rem)] ${fault === null ? '' : 'outline-2 outline-alarm'}`}>
        <Previews uploads={parcel.uploads} />
        <div className="flex flex-wrap items-end justify-end gap-x-3 px-2 pt-1.5">
          <div className="min-w-0 flex-auto">{parcel.text !== '' && <MessageText text={parcel.text} mentions={[]} me="" />}</div>
          <p className="-mb-0.5 text-[0.6875rem] leading-4 text-mine-soft">
            <Ticks status={fault === null ? 'SENDING' : 'FAILED'} />
          </p>
        </div>
      </div>
      <div className="mt-1 flex items-center gap-1 text-sm">
        {fault !== null && (
          <>
            <span role="alert" className="text-alarm">{faultText(t, i18n.language, fault)}</span>
            <button type="button" className="flex items-center gap-1 rounded-lg px-2 py-1 font-semibold text-alarm hover:bg-hover" onClick={() => { parcels.retry(parcel) }}>
              <RotateCw className="size-3.5" aria-hidden /> {t('retry')}
            </button>
          </>
        )}
        <button type="button" className="flex items-center gap-1 rounded-lg px-2 py-1 font-semibold text-soft hover:bg-hover" onClick={() => { parcels.discard(parcel) }}>
          <X className="size-3.5" aria-hidden /> {t('file.stop')}
        </button>
      </div>
    </article>
  )
}
