/** Shows how far something is. */
export interface Progress {
  /** `done` of `total`; the words say what. */
  show(what: string, done: number, total: number): void
  /** Takes the line away, for other words. */
  end(): void
}

const WIDTH = 30
/** Often enough for an eye. */
const APART_MS = 100

/** A bar on standard error where that is a terminal; nothing anywhere else, so that what is kept of the output can be read. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return { show: () => undefined, end: () => undefined }
  let shownAt = 0
  let shown = false
  return {
    show(what, done, total) {
      const now = performance.now()
      if (done < total && now - shownAt < APART_MS) return
      shownAt = now
      shown = true
      const part = total === 0 ? 1 : done / total
      const filled = Math.round(part * WIDTH)
      stream.write(`\r\x1b[K  ${what.padEnd(10)} ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${Math.floor(part * 100)} % (${done.toLocaleString('en')} of ${total.toLocaleString('en')})`)
    },
    end() {
      if (shown) stream.write('\r\x1b[K')
      shown = false
    },
  }
}
