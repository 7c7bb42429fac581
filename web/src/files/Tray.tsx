import { CircleAlert, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { faultText } from '../app/act.ts'
import { useApp } from '../app/context.ts'
import { iconOf } from './FileLine.tsx'
import type { Upload } from './parcels.ts'
import { Ring } from './Ring.tsx'
import { bytesText } from './sizes.ts'

/** The files that wait in the field, each with how far it is. */
export function Tray({ chatId, uploads }: { chatId: string; uploads: readonly Upload[] }) {
  const { t, i18n } = useTranslation()
  const { parcels } = useApp()
  return (
    <ul aria-label={t('file.chosen')} className="flex gap-2 overflow-x-auto border-b border-line px-3 pt-3 pb-2.5">
      {uploads.map((upload) => {
        const { key, file, kind, preview, fault, attachmentId } = upload
        const Icon = iconOf(file.name)
        const isPicture = kind === 'IMAGE' && preview !== null
        const isOnItsWay = attachmentId === null && fault === null
        return (
          <li key={key} className={`relative h-20 shrink-0 overflow-hidden rounded-2xl bg-hover ${isPicture ? 'w-20' : 'w-48'} ${fault === null ? '' : 'outline-2 -outline-offset-2 outline-alarm'}`}>
            {isPicture ? (
              <img src={preview} alt={file.name} className="size-full object-cover" />
            ) : (
              <span className="flex h-full items-center gap-2.5 pr-8 pl-3">
                {isOnItsWay ? <Ring part={upload.progress} label={file.name} small /> : <Icon aria-hidden className="size-8 shrink-0 text-pine" strokeWidth={1.5} />}
                <span className="min-w-0 text-sm">
                  <span className="block truncate font-semibold">{file.name}</span>
                  <span className="block truncate text-xs text-soft">{bytesText(file.size, i18n.language)}</span>
                </span>
              </span>
            )}
            {fault !== null ? (
              <span role="alert" title={faultText(t, i18n.language, fault)} className="absolute inset-x-0 bottom-0 flex items-center gap-1 bg-alarm px-2 py-0.5 text-xs font-semibold text-paper">
                <CircleAlert aria-hidden className="size-3 shrink-0" />
                <span className="truncate">{faultText(t, i18n.language, fault)}</span>
              </span>
            ) : (
              isOnItsWay && isPicture && <Ring part={upload.progress} label={file.name} />
            )}
            <button
              type="button"
              aria-label={t('file.remove', { name: file.name })}
              title={t('file.remove', { name: file.name })}
              onClick={() => { parcels.remove(chatId, upload) }}
              className="absolute top-1 right-1 flex size-6 items-center justify-center rounded-full bg-ink/75 text-paper hover:bg-ink"
            >
              <X className="size-3.5" />
            </button>
          </li>
        )
      })}
    </ul>
  )
}
