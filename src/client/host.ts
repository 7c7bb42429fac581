/** The parts of `navigator.locks` that we use. */
interface Locks {
  request(name: string, work: () => Promise<void>): Promise<void>
}

/** Does it while no other tab does something of this name. Where there are no locks (http) it is done at once: then the server alone sees to it that nothing is doubled. */
export async function inTurn(name: string, work: () => Promise<void>): Promise<void> {
  const { locks } = (globalThis as { navigator?: { locks?: Locks } }).navigator ?? {}
  if (locks === undefined) return work()
  let begun = false
  try {
    await locks.request(name, () => {
      begun = true
      return work()
    })
  } catch {
    // Refused, such as in a frame without an origin.
    if (!begun) await work()
  }
}

/** A UUID, also in a page that came over http, where browsers have no `randomUUID`. */
export function randomId(): string {
  const { crypto } = globalThis
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const hex = [...bytes].map((byte, index) => (index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
