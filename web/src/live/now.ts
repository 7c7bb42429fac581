import { useEffect, useState } from 'react'

/** The most that a timer of a browser counts to. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * What the clock says, and how to have it read again. It is read by itself at the moment that `next` names, and when somebody comes back to the
 * page, such as after the laptop slept. Null: nothing changes with time, so nothing is waited for.
 */
export function useNow(next: (now: number) => number | null): [now: number, look: () => void] {
  // Each reading is another one, though the clock may say the same.
  const [reading, setReading] = useState(() => ({ now: Date.now() }))
  const [look] = useState(() => () => { setReading({ now: Date.now() }) })
  const at = next(reading.now)
  const isWaiting = at !== null
  useEffect(() => {
    if (!isWaiting) return
    addEventListener('focus', look)
    document.addEventListener('visibilitychange', look)
    return () => {
      removeEventListener('focus', look)
      document.removeEventListener('visibilitychange', look)
    }
  }, [isWaiting, look])
  useEffect(() => {
    if (at === null) return
    const timer = setTimeout(look, Math.min(Math.max(at - Date.now(), 0), LONGEST_MS))
    return () => { clearTimeout(timer) }
  }, [at, reading, look])
  return [reading.now, look]
}
