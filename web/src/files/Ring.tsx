import { useTranslation } from 'react-i18next'

const RADIUS = 15
const LENGTH = 2 * Math.PI * RADIUS

/** How far something is: over a picture, or small, beside a name. */
export function Ring({ part, label, small = false }: { part: number; label: string; small?: boolean }) {
  const { t } = useTranslation()
  const percent = Math.round(part * 100)
  return (
    <span role="progressbar" aria-label={t('file.sending', { name: label })} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent} className={small ? 'block shrink-0 text-pine' : 'absolute inset-0 flex items-center justify-center bg-veil text-white'}>
      <svg viewBox="0 0 36 36" className={`-rotate-90 ${small ? 'size-8' : 'size-10'}`}>
        <circle cx="18" cy="18" r={RADIUS} fill="none" stroke="currentColor" strokeOpacity="0.3" strokeWidth="3" />
        <circle cx="18" cy="18" r={RADIUS} fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" strokeDasharray={LENGTH} strokeDashoffset={LENGTH * (1 - Math.max(part, 0.04))} className="transition-[stroke-dashoffset] duration-200" />
      </svg>
    </span>
  )
}
