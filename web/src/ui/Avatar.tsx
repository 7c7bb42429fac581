import { Users } from 'lucide-react'
import { useApp } from '../app/context.ts'
import { useFace } from '../files/faces.ts'
import { usePresence } from '../live/hooks.ts'
import { useTranslation } from 'react-i18next'

/** Always the same one for the same person. White stands out on each of them. */
const HUES = ['#2f6f62', '#8a4b3c', '#4a5a8c', '#7a5a1e', '#6d4a78', '#2d6a86', '#5c6b2f', '#8a3f5e']

export function hueOf(id: string): string {
  let sum = 0
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0
  return HUES[sum % HUES.length] ?? '#2f6f62'
}

const SIZES = { sm: 'size-8 text-xs rounded-[10px]', md: 'size-11 text-sm rounded-[14px]', lg: 'size-20 text-2xl rounded-3xl' }

function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  return [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...(word ?? '')][0] ?? '').join('').toUpperCase()
}

/** A face, or what stands in for one. With `userId` it shows whether they are there. */
export function Avatar({ id, name, group = false, size = 'md', userId, url = null }: { id: string; name: string; url?: string | null; group?: boolean; size?: keyof typeof SIZES; userId?: string | undefined }) {
  const { t } = useTranslation()
  const presence = usePresence(userId)
  const state = presence?.state
  const { faces } = useApp()
  const face = useFace(id, url)
  return (
    <span className="relative shrink-0">
      <span aria-hidden className={`flex items-center justify-center overflow-hidden font-semibold text-white select-none ${SIZES[size]}`} style={{ backgroundColor: hueOf(id) }}>
        {face !== null ? <img src={face} alt="" draggable={false} onError={() => { faces.broken(id) }} className="size-full object-cover" /> : group ? <Users className="size-1/2" strokeWidth={2} /> : initials(name)}
      </span>
      {(state === 'ONLINE' || state === 'AWAY') && (
        <span
          role="img"
          aria-label={t(`presence.${state}`)}
          className={`absolute -right-0.5 -bottom-0.5 size-3.5 rounded-full border-[2.5px] border-sheet ${state === 'ONLINE' ? 'bg-seen' : 'bg-amber'}`}
        />
      )}
    </span>
  )
}
