import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApp } from '../app/context.ts'
import type { FilePartsFragment } from '../generated/graphql.ts'
import { Blurhash } from './Blurhash.tsx'
import { useLink } from './links.ts'

interface Props {
  file: FilePartsFragment
  /** Its place, where it stands alone; without it, a square of a grid. */
  box?: { width: number; height: number }
  wide?: boolean
  /** So many stand behind it. */
  more?: number
  onView: (id: string) => void
}

/** A picture in a message: small, and large when one presses it. */
export function Picture({ file, box, wide = false, more = 0, onView }: Props) {
  const { t } = useTranslation()
  const { parcels } = useApp()
  const { link, renew } = useLink(file.id)
  const [isThere, setThere] = useState(false)
  const url = parcels.own(file.id)?.preview ?? link?.thumbnailUrl ?? link?.url
  return (
    <button
      type="button"
      aria-label={t('file.view', { name: file.fileName })}
      onClick={() => { onView(file.id) }}
      className={`relative block max-w-full overflow-hidden bg-hover ${box === undefined ? (wide ? 'col-span-2 aspect-[2/1]' : 'aspect-square') : 'min-w-full rounded-2xl'}`}
      style={box && { width: box.width, maxHeight: box.height, aspectRatio: `${box.width} / ${box.height}` }}
    >
      {file.blurhash !== null && !isThere && <Blurhash hash={file.blurhash} />}
      {url !== undefined && <img src={url} alt="" decoding="async" draggable={false} onLoad={() => { setThere(true) }} onError={renew} className={`absolute inset-0 size-full object-cover transition-opacity duration-200 ${isThere ? '' : 'opacity-0'}`} />}
      {more > 0 && <span className="absolute inset-0 flex items-center justify-center bg-veil text-2xl font-semibold text-white">+{more}</span>}
    </button>
  )
}
