import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './Button.tsx'

interface SheetProps {
  title: string
  open: boolean
  onClose: () => void
  children: ReactNode
}

/** Something over the page, with its title and a way out; `className` says where it lies. */
export function Sheet({ title, open, onClose, className, children }: SheetProps & { className: string }) {
  const { t } = useTranslation()
  return (
    <Radix.Root open={open} onOpenChange={(is) => { if (!is) onClose() }}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Radix.Content aria-describedby={undefined} className={`fixed z-40 flex flex-col bg-sheet shadow-card ${className}`}>
          <header className="flex items-center justify-between gap-3 py-3 pr-3 pl-6">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label={t('close')}>
                <X className="size-5" />
              </IconButton>
            </Radix.Close>
          </header>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** A sheet in the middle of a wide screen, from below on a phone. */
export function Dialog({ children, ...sheet }: SheetProps) {
  return (
    <Sheet
      {...sheet}
      className="max-h-[85dvh] overflow-hidden max-sm:inset-x-0 max-sm:bottom-0 max-sm:rounded-t-3xl sm:top-1/2 sm:left-1/2 sm:w-[27rem] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-3xl"
    >
      <div className="flex min-h-0 flex-col overflow-y-auto px-6 pb-6">{children}</div>
    </Sheet>
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
