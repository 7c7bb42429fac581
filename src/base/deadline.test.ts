import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deadline } from './deadline.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

class Noted extends Deadline {
  readonly at: number[] = []

  protected due(): void {
    this.at.push(performance.now())
  }

  set(ms: number): this {
    this.dueIn(ms)
    return this
  }

  give(): void {
    this.cancel()
  }
}

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

test('comes once, at its time, however far away that is', () => {
  const began = performance.now()
  // Longer than any timer of JavaScript takes, too.
  const spans = [0, 1, 1000, 89_999, 90_000, 90_001, 2 * MINUTE, 15 * MINUTE + 7, 30 * DAY + 3]
  const deadlines = spans.map((ms) => new Noted().set(ms))
  vi.advanceTimersByTime(31 * DAY)
  for (const [n, ms] of spans.entries()) {
    const [at = NaN, ...more] = deadlines[n]?.at ?? []
    expect(Math.abs(at - began - ms), `${ms} ms`).toBeLessThanOrEqual(1)
    expect(more).toEqual([])
  }
})

test('never comes where it was given up, and later where it was moved, whether it was near or far', () => {
  const given = [MINUTE, 10 * MINUTE].map((ms) => new Noted().set(ms))
  const moved = [MINUTE, 10 * MINUTE].map((ms) => new Noted().set(ms))
  for (const one of given) one.give()
  const began = performance.now()
  for (const one of moved) one.set(20 * MINUTE)
  vi.advanceTimersByTime(DAY)
  expect(given.map(({ at }) => at)).toEqual([[], []])
  for (const { at } of moved) expect(at.map((time) => Math.round((time - began) / MINUTE))).toEqual([20])
})

test('leaves no timer behind', () => {
  const given = [MINUTE, 10 * MINUTE].map((ms) => new Noted().set(ms))
  for (const one of given) one.give()
  vi.advanceTimersByTime(MINUTE)
  expect(vi.getTimerCount()).toBe(0)
})
