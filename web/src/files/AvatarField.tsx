import { Camera, Trash2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { faultText } from '../app/act.ts'
import { useApp } from '../app/context.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { toast } from '../ui/toast.ts'
import { Ring } from './Ring.tsx'
import { NotTaken, uploadFile } from './upload.ts'

interface Props {
  id: string
  name: string
  url: string | null
  group?: boolean
  /** Takes the picture, or null for none. */
  onChange: (attachmentId: string | null) => Promise<unknown>
}

/** A picture of a person or a group, and the way to another one. */
export function AvatarField({ id, name, url, group = false, onChange }: Props) {
  const { t, i18n } = useTranslation()
  const app = useApp()
  const input = useRef<HTMLInputElement>(null)
  const stop = useRef<AbortController>(null)
  const [part, setPart] = useState<number | null>(null)
  useEffect(() => () => stop.current?.abort(), [])

  async function take(file: File): Promise<void> {
    stop.current = new AbortController()
    setPart(0)
    try {
      await onChange(await uploadFile(file, app.announce, setPart, stop.current.signal))
    } catch (error) {
      if (!stop.current.signal.aborted) toast(faultText(t, i18n.language, error instanceof NotTaken ? error.fault : { code: 'AWAY', message: '', path: ['away'] }), 'alarm')
    } finally {
      setPart(null)
    }
  }

  return (
    <span className="relative inline-block">
      <Avatar id={id} name={name} group={group} size="lg" url={url} />
      {part !== null && (
        <span className="absolute inset-0 overflow-hidden rounded-3xl">
          <Ring part={part} label={name} />
        </span>
      )}
      <button
        type="button"
        aria-label={t('avatar.change')}
        title={t('avatar.change')}
        onClick={() => input.current?.click()}
        className="absolute -right-1.5 -bottom-1.5 flex size-8 items-center justify-center rounded-full border-2 border-sheet bg-pine text-on-pine hover:brightness-110"
      >
        <Camera className="size-4" />
      </button>
      {url !== null && (
        <button
          type="button"
          aria-label={t('avatar.remove')}
          title={t('avatar.remove')}
          onClick={() => void onChange(null)}
          className="absolute -top-1.5 -right-1.5 flex size-7 items-center justify-center rounded-full border-2 border-sheet bg-raised text-soft hover:text-alarm"
        >
          <Trash2 className="size-3.5" />
        </button>
      )}
      <input
        ref={input}
        type="file"
        hidden
        accept="image/*"
        aria-label={t('avatar.change')}
        onChange={({ target }) => {
          const file = target.files?.[0]
          target.value = ''
          if (file !== undefined) void take(file)
        }}
      />
    </span>
  )
}
