import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './Button.tsx'

/** A sheet over the page: in the middle on a wide screen, from below on a phone. */
export function Dialog({ title, open, onClose, children }: { title: string; open: boolean; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <Radix.Root open={open} onOpenChange={(is) => { if (!is) onClose() }}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed z-40 flex max-h-[85dvh] flex-col overflow-hidden bg-sheet shadow-card max-sm:inset-x-0 max-sm:bottom-0 max-sm:rounded-t-3xl sm:top-1/2 sm:left-1/2 sm:w-[27rem] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-3xl"
        >
          <header className="flex items-center justify-between gap-3 py-3 pr-3 pl-6">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label={t('close')}>
                <X className="size-5" />
              </IconButton>
            </Radix.Close>
          </header>
          <div className="flex min-h-0 flex-col overflow-y-auto px-6 pb-6">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, text, action, onConfirm, onClose }: { title: string; text: string; action: string; onConfirm: () => void; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog title={title} open onClose={onClose}>
      <p className="text-soft">{text}</p>
      <div className="mt-6 flex justify-end gap-2">
        <button type="button" className="rounded-xl px-4 py-2.5 font-semibold text-soft hover:bg-hover" onClick={onClose}>
          {t('cancel')}
        </button>
        <button
          type="button"
          className="rounded-xl bg-alarm px-4 py-2.5 font-semibold text-paper hover:brightness-110"
          onClick={() => {
            onConfirm()
            onClose()
          }}
        >
          {action}
        </button>
      </div>
    </Dialog>
  )
}
