import { useTranslation } from 'react-i18next'
import { iconOf } from './FileLine.tsx'
import type { Upload } from './parcels.ts'
import { Ring } from './Ring.tsx'
import { boxOf, bytesText } from './sizes.ts'

/** One's own files in a message that is on its way. */
export function Previews({ uploads }: { uploads: readonly Upload[] }) {
  const { i18n } = useTranslation()
  const pictures = uploads.filter(({ kind, preview }) => kind === 'IMAGE' && preview !== null)
  const others = uploads.filter((upload) => !pictures.includes(upload))
  const [only] = pictures
  const box = pictures.length === 1 && only !== undefined ? boxOf(only.width, only.height) : null
  return (
    <div className="flex flex-col gap-1.5">
      {pictures.length > 0 && (
        <div className={box === null ? 'grid w-[21rem] max-w-full grid-cols-2 gap-1 overflow-hidden rounded-2xl' : 'max-w-full overflow-hidden rounded-2xl'}>
          {pictures.slice(0, 4).map(({ key, file, preview, progress, attachmentId }, index) => (
            <span
              key={key}
              className={`relative block max-w-full overflow-hidden ${box === null ? (pictures.length === 3 && index === 0 ? 'col-span-2 aspect-[2/1]' : 'aspect-square') : 'min-w-full'}`}
              style={box === null ? undefined : { width: box.width, maxHeight: box.height, aspectRatio: `${box.width} / ${box.height}` }}
            >
              <img src={preview ?? ''} alt={file.name} className="absolute inset-0 size-full object-cover" />
              {attachmentId === null && <Ring part={progress} label={file.name} />}
            </span>
          ))}
        </div>
      )}
      {others.map(({ key, file, progress, attachmentId }) => {
        const Icon = iconOf(file.name)
        return (
          <span key={key} className="relative flex w-72 max-w-full items-center gap-3 overflow-hidden rounded-xl bg-pine/8 px-3 py-2.5">
            {attachmentId === null ? <Ring part={progress} label={file.name} small /> : <Icon aria-hidden className="size-8 shrink-0 text-pine" strokeWidth={1.5} />}
            <span className="min-w-0 flex-1">
              <span className="block truncate font-semibold">{file.name}</span>
              <span className="block text-xs text-ink/75">{bytesText(file.size, i18n.language)}</span>
            </span>
          </span>
        )
      })}
    </div>
  )
}
