import { useTranslation } from 'react-i18next'
import { useApp } from '../app/context.ts'
import type { FilePartsFragment } from '../generated/graphql.ts'
import { useLink } from './links.ts'
import { boxOf } from './sizes.ts'

/** A video, where it stands. */
export function Film({ file }: { file: FilePartsFragment }) {
  const { t } = useTranslation()
  const { parcels } = useApp()
  const { link, renew } = useLink(file.id)
  const box = boxOf(file.width, file.height)
  return (
    <video
      src={parcels.own(file.id)?.preview ?? link?.url}
      controls
      playsInline
      preload="metadata"
      aria-label={t('file.video', { name: file.fileName })}
      onError={renew}
      className="max-w-full rounded-2xl bg-[#0a1012] object-contain"
      style={{ width: box.width, aspectRatio: `${box.width} / ${box.height}` }}
    />
  )
}
