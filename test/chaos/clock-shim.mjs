// Loaded into a server before its own code: the file CHAOS_CLOCK says by how many milliseconds the wall clock is wrong. Timers go by the monotonic clock,
// as they do where somebody sets the clock of a machine.
import { readFileSync } from 'node:fs'

const RealDate = Date
const realNow = Date.now.bind(Date)
let offset = 0

const read = () => {
  try {
    offset = Number(readFileSync(process.env.CHAOS_CLOCK ?? '', 'utf8')) || 0
  } catch {
    // No file: the clock is right.
  }
}
read()
setInterval(read, 200).unref()

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(realNow() + offset)
    else super(...args)
  }
  static now() {
    return realNow() + offset
  }
}
