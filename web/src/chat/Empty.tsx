import { useTranslation } from 'react-i18next'
import { Logo } from '../ui/Logo.tsx'

/** Beside the list while no chat is open. */
export function Empty() {
  const { t } = useTranslation()
  return (
    <div className="flex h-full flex-col items-center justify-center gap-4 px-8 text-center text-soft">
      <Logo className="size-16" />
      <p className="text-lg font-semibold text-ink">{t('empty.title')}</p>
      <p className="max-w-xs">{t('empty.text')}</p>
    </div>
  )
}
