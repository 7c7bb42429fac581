import type { ButtonHTMLAttributes, ReactNode } from 'react'

type Look = 'main' | 'plain' | 'quiet' | 'alarm'

const LOOKS: Record<Look, string> = {
  main: 'bg-pine text-on-pine hover:brightness-110',
  plain: 'border border-line bg-raised text-ink hover:bg-hover',
  quiet: 'text-soft hover:bg-hover hover:text-ink',
  alarm: 'border border-alarm/40 text-alarm hover:bg-alarm/10',
}

/** How a button looks, for what is one without being made here. */
export const buttonClass = (look: Look, className = ''): string =>
  `inline-flex items-center justify-center gap-2 rounded-xl px-4 py-2.5 font-semibold transition disabled:opacity-50 ${LOOKS[look]} ${className}`

export function Button({ look = 'plain', className = '', ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look }) {
  return (
    <button
      type="button"
      {...rest}
      className={buttonClass(look, className)}
    />
  )
}

/** A button that is only a picture: its label is read out, and shown when one points at it. */
export function IconButton({ label, children, className = '', ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { label: string; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={`inline-flex size-10 shrink-0 items-center justify-center rounded-xl text-soft transition hover:bg-hover hover:text-ink disabled:opacity-40 ${className}`}
    >
      {children}
    </button>
  )
}
