import type { Bar } from './chart.ts'
import type { Row, Spread } from './rounds.ts'
import type { Stage } from './stage.ts'

/** A figure that a job is about: two contenders held against each other, or a cost of its own. */
export interface Figure {
  /** As in targets.ts. */
  name: string
  value: Spread
}

export interface Result {
  /** What is counted: sends, pages. */
  unit: string
  rows: Row[]
  figures: Figure[]
  /** What a reader must know besides. */
  notes: string[]
  /** What the picture shows, where that is not how many there were in a second. */
  picture?: { unit: string; bars: Bar[] }
}

export type Job = (stage: Stage) => Promise<Result>

/** Those figures that could be taken. */
export function figures(list: readonly [name: string, value: Spread | null | undefined][]): Figure[] {
  return list.flatMap(([name, value]) => (value == null ? [] : [{ name, value }]))
}

export function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T
}
