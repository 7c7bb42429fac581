import { Pause, Play } from 'lucide-react'
import { useRef, useState } from 'react'
import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import { useApp } from '../app/context.ts'
import type { FilePartsFragment } from '../generated/graphql.ts'
import { useLink } from './links.ts'
import { lengthText } from './sizes.ts'

const SPEEDS = [1, 1.5, 2]
/** One voice at a time. */
let speaking: HTMLAudioElement | null = null

/** Sound: a voice note, or a piece of music. */
export function Player({ file }: { file: FilePartsFragment }) {
  const { t, i18n } = useTranslation()
  const { parcels } = useApp()
  const { link, renew } = useLink(file.id)
  const source = parcels.own(file.id)?.preview ?? link?.url
  const audio = useRef<HTMLAudioElement>(null)
  const [isPlaying, setPlaying] = useState(false)
  const [at, setAt] = useState(0)
  const [length, setLength] = useState(file.durationSeconds ?? 0)
  const [speed, setSpeed] = useState(1)

  function toggle(): void {
    const sound = audio.current
    if (sound === null) return
    if (isPlaying) {
      sound.pause()
      return
    }
    if (speaking !== sound) speaking?.pause()
    speaking = sound
    sound.playbackRate = speed
    void sound.play().catch(renew)
  }

  return (
    <div role="group" aria-label={t('file.audio', { name: file.fileName })} className="flex w-72 max-w-full items-center gap-3 py-1">
      <audio
        ref={audio}
        src={source}
        preload="none"
        onPlay={() => { setPlaying(true) }}
        onPause={() => { setPlaying(false) }}
        onEnded={() => { setAt(0) }}
        onTimeUpdate={({ currentTarget }) => { setAt(currentTarget.currentTime) }}
        onDurationChange={({ currentTarget }) => { if (Number.isFinite(currentTarget.duration)) setLength(currentTarget.duration) }}
      />
      <button type="button" disabled={source === undefined} aria-label={t(isPlaying ? 'file.pause' : 'file.play')} onClick={toggle} className="flex size-10 shrink-0 items-center justify-center rounded-full bg-pine text-on-pine hover:brightness-110 disabled:opacity-60">
        {isPlaying ? <Pause className="size-5 fill-current" strokeWidth={1} /> : <Play className="ml-0.5 size-5 fill-current" strokeWidth={1} />}
      </button>
      <span className="flex min-w-0 flex-1 flex-col">
        <input
          type="range"
          min={0}
          max={Math.max(length, 0.1)}
          step={0.1}
          value={Math.min(at, length)}
          aria-label={t('file.position')}
          aria-valuetext={`${lengthText(at)} / ${lengthText(length)}`}
          onChange={(event) => {
            const to = Number(event.target.value)
            setAt(to)
            if (audio.current !== null) audio.current.currentTime = to
          }}
          style={{ '--part': length > 0 ? Math.min(1, at / length) : 0 } as CSSProperties}
          className="slider w-full"
        />
        <span className="flex justify-between text-xs text-ink/75 tabular-nums">
          <span>{at > 0 ? `${lengthText(at)} / ${lengthText(length)}` : lengthText(length)}</span>
          <span className="max-w-40 truncate">{file.fileName}</span>
        </span>
      </span>
      <button
        type="button"
        aria-label={t('file.speed', { speed: speed.toLocaleString(i18n.language) })}
        onClick={() => {
          const next = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length] ?? 1
          setSpeed(next)
          if (audio.current !== null) audio.current.playbackRate = next
        }}
        className="w-10 shrink-0 rounded-full bg-pine/12 px-1 py-1 text-xs font-bold text-ink"
      >
        {speed.toLocaleString(i18n.language)}×
      </button>
    </div>
  )
}
