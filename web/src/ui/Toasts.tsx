import { useSyncExternalStore } from 'react'
import { toastStore } from './toast.ts'

export function Toasts() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.all)
  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-24 z-50 flex flex-col items-center gap-2 px-4">
      {toasts.map(({ id, text, look }) => (
        <p key={id} className={`animate-rise rounded-xl px-4 py-2.5 text-sm font-medium shadow-card ${look === 'alarm' ? 'bg-alarm text-paper' : 'bg-ink text-paper'}`}>
          {text}
        </p>
      ))}
    </div>
  )
}
