import { CloudOff } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from './hooks.ts'

/** A cut that heals at once need not be told. */
const PATIENCE_MS = 1200

/** Says quietly that there is no connection. */
export function ConnectionBadge() {
  const { t } = useTranslation()
  const isOpen = useConnection() === 'open'
  const [shown, setShown] = useState(false)
  useEffect(() => {
    if (isOpen) {
      setShown(false)
      return
    }
    const timer = setTimeout(() => { setShown(true) }, PATIENCE_MS)
    return () => { clearTimeout(timer) }
  }, [isOpen])
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 top-3 z-30 flex justify-center">
      {shown && (
        <p className="flex animate-rise items-center gap-2 rounded-full bg-amber px-3.5 py-1.5 text-sm font-semibold text-on-amber shadow-card">
          <CloudOff className="size-4" aria-hidden />
          {t('away')}
        </p>
      )}
    </div>
  )
}
