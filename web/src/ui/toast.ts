import { createSignal } from '../app/signal.ts'

export interface Toast {
  id: number
  text: string
  look: 'plain' | 'alarm'
}

const SHOWN_MS = 5000
const signal = createSignal()
let toasts: readonly Toast[] = []
let count = 0

/** Says something in passing. */
export function toast(text: string, look: Toast['look'] = 'plain'): void {
  const id = ++count
  toasts = [...toasts, { id, text, look }].slice(-3)
  signal.tell()
  setTimeout(() => {
    toasts = toasts.filter((each) => each.id !== id)
    signal.tell()
  }, SHOWN_MS)
}

export const toastStore = { subscribe: signal.subscribe, all: () => toasts }
