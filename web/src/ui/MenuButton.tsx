import { Suspense, useRef, useState } from 'react'
import type { ButtonHTMLAttributes, ReactNode, RefObject } from 'react'

/** What an open menu knows of the button that it belongs to. */
export interface Opened {
  button: RefObject<HTMLButtonElement | null>
  close: () => void
}

/**
 * A button that opens a menu. The menu itself is made, and its script loaded, when somebody asks for it: a long history has many of these
 * buttons, and few that are ever pressed.
 */
export function MenuButton({ label, menu, ...rest }: Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'onClick'> & { label: string; menu: (opened: Opened) => ReactNode }) {
  const button = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  return (
    <span className="relative inline-flex shrink-0">
      <button
        ref={button}
        type="button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        data-state={open ? 'open' : 'closed'}
        {...rest}
        onClick={() => { setOpen(true) }}
      />
      {open && <Suspense>{menu({ button, close: () => { setOpen(false) } })}</Suspense>}
    </span>
  )
}
