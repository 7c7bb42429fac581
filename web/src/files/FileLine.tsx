import { Download, FileArchive, FileSpreadsheet, FileText, File as Plain } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useApp } from '../app/context.ts'
import type { FilePartsFragment } from '../generated/graphql.ts'
import { useLink } from './links.ts'
import { bytesText } from './sizes.ts'

/** The picture of a sort of document. */
export function iconOf(name: string) {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  if (['zip', 'gz', 'tar', '7z', 'rar', 'xz'].includes(ending)) return FileArchive
  if (['csv', 'xls', 'xlsx', 'ods'].includes(ending)) return FileSpreadsheet
  return ['pdf', 'txt', 'md', 'doc', 'docx', 'odt', 'rtf'].includes(ending) ? FileText : Plain
}

/** A document, to be saved. */
export function FileLine({ file }: { file: FilePartsFragment }) {
  const { t, i18n } = useTranslation()
  const { links } = useApp()
  const { link } = useLink(file.id)
  const Icon = iconOf(file.fileName)
  // Links end: who comes near gets a new one.
  const refresh = () => { links.want(file.id) }
  return (
    <a
      {...(link !== undefined && { href: `${link.url}&download=1` })}
      download={file.fileName}
      onPointerEnter={refresh}
      onFocus={refresh}
      aria-label={t('file.save', { name: file.fileName })}
      className="flex w-72 max-w-full items-center gap-3 rounded-xl bg-pine/8 px-3 py-2.5 hover:bg-pine/15"
    >
      <Icon aria-hidden className="size-8 shrink-0 text-pine" strokeWidth={1.5} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-semibold">{file.fileName}</span>
        <span className="block text-xs text-ink/75">{file.byteSize === null ? file.mimeType : bytesText(file.byteSize, i18n.language)}</span>
      </span>
      <Download aria-hidden className="size-5 shrink-0 text-ink/75" />
    </a>
  )
}
