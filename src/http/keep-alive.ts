import { WebSocket } from 'ws'

/** The turns of all sockets are gathered under one timer, so many times in a period. */
const STEPS = 120

/** A socket that is kept alive. */
export class KeptSocket extends WebSocket {
  /** When it is looked after next, by performance.now(). */
  turnAt = 0
  /** Whether its last ping was not answered yet; whoever hears a pong says so here. */
  silent = false
}

/**
 * Pings each socket once in a period, counted from its own beginning, and ends those that did not answer by the next time: they are gone, whatever
 * their network says. One timer serves all of them, for two of each are a good part of what an idle connection costs.
 */
export class KeepAlive {
  readonly #periodMs: number
  /** In the order of their turns: all have the same period, so whoever had theirs comes last again. */
  readonly #sockets = new Set<KeptSocket>()
  #timer: NodeJS.Timeout | null = null

  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  add(socket: KeptSocket): void {
    socket.turnAt = performance.now() + this.#periodMs
    this.#sockets.add(socket)
    this.#timer ??= setInterval(() => { this.#run() }, this.#periodMs / STEPS).unref()
  }

  delete(socket: KeptSocket): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #run(): void {
    const now = performance.now()
    for (const socket of this.#sockets) {
      if (socket.turnAt > now) return
      // It is deleted by its close.
      if (socket.silent) socket.terminate()
      else {
        this.#sockets.delete(socket)
        this.#sockets.add(socket)
        socket.turnAt = now + this.#periodMs
        if (socket.readyState === WebSocket.OPEN) {
          socket.silent = true
          socket.ping()
        }
      }
    }
  }
}
