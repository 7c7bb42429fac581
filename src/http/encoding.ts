export type Encoding = 'br' | 'gzip'

/** The best encoding that an Accept-Encoding header allows, of those that there are; undefined: as it is. */
export function encodingFor(header: string, has: (encoding: Encoding) => boolean = () => true): Encoding | undefined {
  const allowed = new Map<string, boolean>()
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim())
    allowed.set(name, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)))
  }
  return (['br', 'gzip'] as const).find((encoding) => has(encoding) && (allowed.get(encoding) ?? allowed.get('*') ?? false))
}
