import { FileX2, LoaderCircle } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { FilePartsFragment } from '../generated/graphql.ts'
import { FileLine } from './FileLine.tsx'
import { Film } from './Film.tsx'
import { Picture } from './Picture.tsx'
import { Player } from './Player.tsx'
import { boxOf } from './sizes.ts'

/** More pictures than that are behind the last one. */
const SHOWN = 4

/** The files of a message. Pictures first, beside each other; then all else, one below the other. */
export function Attachments({ files, onView }: { files: readonly FilePartsFragment[]; onView: (id: string) => void }) {
  const { t } = useTranslation()
  const pictures = files.filter(({ kind, state }) => kind === 'IMAGE' && state === 'READY')
  const others = files.filter((file) => !pictures.includes(file))
  const [only] = pictures
  const more = pictures.length - SHOWN
  return (
    <div className="flex flex-col gap-1.5">
      {pictures.length === 1 && only !== undefined && <Picture file={only} box={boxOf(only.width, only.height)} onView={onView} />}
      {pictures.length > 1 && (
        <div role="group" aria-label={t('file.pictures', { count: pictures.length })} className="grid w-[21rem] max-w-full grid-cols-2 gap-1 overflow-hidden rounded-2xl">
          {pictures.slice(0, SHOWN).map((file, index) => (
            <Picture key={file.id} file={file} onView={onView} wide={pictures.length === 3 && index === 0} more={index === SHOWN - 1 && more > 0 ? more : 0} />
          ))}
        </div>
      )}
      {others.map((file) => (file.state !== 'READY' ? <Absent key={file.id} file={file} /> : file.kind === 'AUDIO' ? <Player key={file.id} file={file} /> : file.kind === 'VIDEO' ? <Film key={file.id} file={file} /> : <FileLine key={file.id} file={file} />))}
    </div>
  )
}

/** A file whose bytes a customer's telephone, or WhatsApp, has not brought. */
function Absent({ file }: { file: FilePartsFragment }) {
  const { t } = useTranslation()
  return (
    <p className="flex w-72 max-w-full items-center gap-3 rounded-xl bg-pine/8 px-3 py-2.5">
      {file.state === 'PENDING' ? <LoaderCircle aria-hidden className="size-6 shrink-0 animate-spin text-pine" /> : <FileX2 aria-hidden className="size-6 shrink-0 text-alarm" />}
      <span className="min-w-0">
        <span className="block truncate font-semibold">{file.fileName}</span>
        <span className="block text-xs text-ink/75">{t(file.state === 'PENDING' ? 'file.pending' : 'file.failed')}</span>
      </span>
    </p>
  )
}
