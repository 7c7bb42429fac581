/** Something that the screen follows: fits React's `useSyncExternalStore`. */
export function createSignal() {
  const listeners = new Set<() => void>()
  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell: () => {
      for (const listener of [...listeners]) listener()
    },
  }
}
