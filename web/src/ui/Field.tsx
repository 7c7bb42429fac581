import { useId } from 'react'
import type { InputHTMLAttributes, ReactNode } from 'react'

/** A field with its name, and what is wrong with it. */
export function Field({ label, fault, hint, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string; fault?: string | undefined; hint?: string }) {
  const id = useId()
  const note = fault ?? hint
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-semibold text-soft">
        {label}
      </label>
      <input id={id} {...rest} className={`field ${fault === undefined ? '' : 'border-alarm'}`} aria-invalid={fault !== undefined} aria-describedby={note === undefined ? undefined : `${id}-note`} />
      {note !== undefined && (
        <p id={`${id}-note`} className={`text-sm ${fault === undefined ? 'text-faint' : 'text-alarm'}`}>
          {note}
        </p>
      )}
    </div>
  )
}

export function Note({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="rounded-xl bg-alarm/10 px-3.5 py-2.5 text-sm font-medium text-alarm">
      {children}
    </p>
  )
}
