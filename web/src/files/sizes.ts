/** What a bubble has for a picture, in pixels. */
const MOST = { width: 336, height: 360 }
const LEAST = { width: 120, height: 80 }

interface Box {
  width: number
  height: number
}

/** The place that a picture takes, known before it is there: so nothing moves when it comes. */
export function boxOf(width: number | null, height: number | null): Box {
  if (width === null || height === null || width < 1 || height < 1) return { width: MOST.width, height: Math.round((MOST.width * 9) / 16) }
  const scale = Math.min(MOST.width / width, MOST.height / height, 1)
  return { width: Math.max(LEAST.width, Math.round(width * scale)), height: Math.max(LEAST.height, Math.round(height * scale)) }
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** Such as `2.4 MB`, as the language writes it. */
export function bytesText(bytes: number, language: string): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3))
  return new Intl.NumberFormat(language, { style: 'unit', unit: UNITS[step], unitDisplay: step === 0 ? 'long' : 'short', maximumFractionDigits: step < 2 ? 0 : 1 }).format(bytes / 1000 ** step)
}

/** Such as `1:07`. */
export function lengthText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
