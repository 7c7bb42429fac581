import type { Bus, BusMessages, BusTopic } from './index.ts'

/** The bus of a single server: calls the listeners directly. `onError` hears of a listener that threw. */
export function createMemoryBus(onError: (error: unknown) => void): Bus {
  const listeners: { [T in BusTopic]: Set<(message: BusMessages[T]) => void> } = { hints: new Set(), typing: new Set(), presence: new Set(), leavings: new Set(), whatsapp: new Set() }
  return {
    publish(topic, message) {
      for (const listener of listeners[topic]) {
        try {
          listener(message)
        } catch (error) {
          onError(error)
        }
      }
    },
    subscribe(topic, listener) {
      listeners[topic].add(listener)
      return Promise.resolve(() => {
        listeners[topic].delete(listener)
      })
    },
    healthy: () => true,
    close: () => Promise.resolve(),
  }
}
