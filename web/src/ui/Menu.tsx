import { ChevronRight } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { LucideIcon } from 'lucide-react'
import { useRef } from 'react'
import type { ReactNode } from 'react'
import type { Opened } from './MenuButton.tsx'

const SHEET = 'z-50 animate-rise rounded-2xl border border-line bg-raised p-1.5 shadow-card'

/** What a `MenuButton` opens, as long as it is there. */
export function Menu({ button, close, align = 'end', className = 'min-w-52', children }: Opened & { align?: 'start' | 'end'; className?: string; children: ReactNode }) {
  const isElsewhere = useRef(false)
  return (
    <DropdownMenu.Root modal={false} open onOpenChange={(is) => { if (!is) close() }}>
      {/* Stands where the button is: the menu opens beside it. */}
      <DropdownMenu.Trigger asChild>
        <span aria-hidden aria-label={button.current?.getAttribute('aria-label') ?? ''} className="pointer-events-none absolute inset-0" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={6}
          collisionPadding={8}
          onInteractOutside={() => {
            isElsewhere.current = true
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            // Who has pressed something else wants to be there.
            if (!isElsewhere.current) button.current?.focus()
          }}
          className={`${SHEET} ${className}`}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

const ITEM = 'flex cursor-pointer items-center gap-3 rounded-xl px-3 py-2 text-sm font-medium outline-none select-none data-highlighted:bg-hover'

export function MenuItem({ icon: Icon, children, onSelect, alarm = false }: { icon?: LucideIcon; children: ReactNode; onSelect: () => void; alarm?: boolean }) {
  return (
    <DropdownMenu.Item onSelect={onSelect} className={`${ITEM} ${alarm ? 'text-alarm' : 'text-ink'}`}>
      {Icon !== undefined && <Icon className="size-4 shrink-0 opacity-80" />}
      {children}
    </DropdownMenu.Item>
  )
}

/** An item that opens more of them beside itself. */
export function SubMenu({ icon: Icon, label, children }: { icon: LucideIcon; label: string; children: ReactNode }) {
  return (
    <DropdownMenu.Sub>
      <DropdownMenu.SubTrigger className={`${ITEM} text-ink data-[state=open]:bg-hover`}>
        <Icon className="size-4 shrink-0 opacity-80" />
        <span className="flex-1">{label}</span>
        <ChevronRight aria-hidden className="-mr-1 size-4 text-faint" />
      </DropdownMenu.SubTrigger>
      <DropdownMenu.Portal>
        <DropdownMenu.SubContent sideOffset={8} collisionPadding={8} className={`${SHEET} min-w-40`}>
          {children}
        </DropdownMenu.SubContent>
      </DropdownMenu.Portal>
    </DropdownMenu.Sub>
  )
}

/** What the items below it are about. */
export const MenuLabel = ({ children }: { children: ReactNode }) => <DropdownMenu.Label className="px-3 pt-1.5 pb-0.5 text-xs font-medium text-soft">{children}</DropdownMenu.Label>

export const MenuLine = () => <DropdownMenu.Separator className="mx-2 my-1.5 h-px bg-line" />
