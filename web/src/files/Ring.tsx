import { useTranslation } from 'react-i18next'

const RADIUS = 15
const LENGTH = 2 * Math.PI * RADIUS

/** How far something is, over what it is about. */
export function Ring({ part, label }: { part: number; label: string }) {
  const { t } = useTranslation()
  const percent = Math.round(part * 100)
  return (
    <span role="progressbar" aria-label={t('file.sending', { name: label })} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent} className="absolute inset-0 flex items-center justify-center bg-veil">
      <svg viewBox="0 0 36 36" className="size-10 -rotate-90">
        <circle cx="18" cy="18" r={RADIUS} fill="none" stroke="white" strokeOpacity="0.3" strokeWidth="3" />
        <circle cx="18" cy="18" r={RADIUS} fill="none" stroke="white" strokeWidth="3" strokeLinecap="round" strokeDasharray={LENGTH} strokeDashoffset={LENGTH * (1 - Math.max(part, 0.04))} className="transition-[stroke-dashoffset] duration-200" />
      </svg>
    </span>
  )
}
