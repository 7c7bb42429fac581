import { createHash } from 'node:crypto'

/** A number from 0 to below 1 that the same parts always give: so chance does not depend on who comes first. */
export function chanceOf(...parts: (string | number)[]): number {
  return createHash('sha256').update(parts.join('\n')).digest().readUInt32BE(0) / 2 ** 32
}

/** A source of chance that runs the same from the same seed. */
export function seeded(seed: number): () => number {
  let count = 0
  return () => chanceOf(seed, count++)
}

/** A new list in an order by chance (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const result = [...list]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[result[last], result[other]] = [result[other] as T, result[last] as T]
  }
  return result
}
