import { ImageUp } from 'lucide-react'
import { useRef, useState } from 'react'
import type { DragEvent, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

const holdsFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files')

/** Takes files that are dropped anywhere on it. */
export function DropZone({ onFiles, children }: { onFiles: (files: File[]) => void; children: ReactNode }) {
  const { t } = useTranslation()
  // Entering a child comes before leaving its parent.
  const depth = useRef(0)
  const [isOver, setOver] = useState(false)
  const enter = (by: number) => {
    depth.current = Math.max(0, depth.current + by)
    setOver(depth.current > 0)
  }
  return (
    <div
      className="relative flex h-full flex-col bg-paper"
      onDragEnter={(event) => { if (holdsFiles(event)) enter(1) }}
      onDragLeave={(event) => { if (holdsFiles(event)) enter(-1) }}
      onDragOver={(event) => { if (holdsFiles(event)) event.preventDefault() }}
      onDrop={(event) => {
        if (!holdsFiles(event)) return
        event.preventDefault()
        depth.current = 0
        setOver(false)
        onFiles([...event.dataTransfer.files])
      }}
    >
      {children}
      {isOver && (
        <div className="pointer-events-none absolute inset-3 z-30 flex flex-col items-center justify-center gap-3 rounded-3xl border-2 border-dashed border-pine bg-sheet/92 text-lg font-semibold text-pine">
          <ImageUp aria-hidden className="size-10" strokeWidth={1.5} />
          {t('file.drop')}
        </div>
      )}
    </div>
  )
}
