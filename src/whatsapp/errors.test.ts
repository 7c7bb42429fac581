import { describe, expect, test } from 'vitest'
import { secondsUntilNext, TREATMENTS, treatmentOf } from './errors.ts'
import type { Treatment } from './errors.ts'

/** The codes by what has to happen with them. */
const EXPECTED: Record<Treatment['action'], number[]> = {
  STOP: [0, 190, 3, 10, 200, 250, 299, 368, 131031, 131042, 131045, 131037, 133016, 131005, 133010, 33],
  RETRY: [4, 80007, 130429, 131056, 131000, 131016, 131057, 1, 2, 133004],
  UPLOAD_AGAIN: [131052, 131053],
  USE_PHONE: [131062],
  WINDOW_CLOSED: [131047],
  FAIL: [
    ...[131048, 131049, 131064, 131026, 130472, 131050, 130497, 131051, 131008, 131009, 100, 131030, 131021, 137000, 131043],
    ...[132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016],
  ],
}

describe.each(Object.entries(EXPECTED))('%s', (action, codes) => {
  test.each(codes)('%d', (code) => {
    expect(treatmentOf({ code }).action).toBe(action)
  })
})

test('no code has a treatment that is not expected above', () => {
  const known = new Set(Object.values(EXPECTED).flat())
  expect([...TREATMENTS.keys()].filter((code) => !known.has(code) && !(code > 200 && code < 300))).toEqual([])
})

test.each([...TREATMENTS])('%d is told in a sentence, and waits only where it is sent again', (_code, treatment) => {
  expect(treatment.text).toMatch(/^[A-Z].{15,160}\.$/)
  expect(treatment.backoff !== null).toBe(treatment.action === 'RETRY' || treatment.action === 'UPLOAD_AGAIN')
  if (treatment.action === 'STOP') expect(treatment.alert).toBe(true)
  if (treatment.retryAfterSeconds > 0) expect(treatment.retryCanHelp).toBe(true)
})

test('a code that nobody knows is sent again where Meta is to blame, and fails otherwise', () => {
  expect(treatmentOf({ code: 999_999 }, 503)).toMatchObject({ action: 'RETRY' })
  expect(treatmentOf({ code: 999_999 }, 400)).toMatchObject({ action: 'FAIL', alert: true })
  expect(treatmentOf({ code: 999_999 })).toMatchObject({ action: 'FAIL', alert: true })
})

test('the same recipient waits 4^n seconds, and every wait ends', () => {
  const { backoff } = treatmentOf({ code: 131056 })
  expect([1, 2, 3, 4, 5, 6].map((failed) => secondsUntilNext(backoff, failed))).toEqual([1, 4, 16, 64, 256, 1024])
  for (const { backoff } of TREATMENTS.values()) {
    const waits = Array.from({ length: 100 }, (_, index) => secondsUntilNext(backoff, index + 1))
    const end = waits.indexOf(null)
    expect(end).toBeGreaterThanOrEqual(0)
    expect(waits.slice(end).every((wait) => wait === null)).toBe(true)
    expect(waits.slice(0, end).every((wait, index) => wait !== null && wait >= (waits[index - 1] ?? 0) && wait <= (backoff?.maxSeconds ?? 0))).toBe(true)
  }
})

test('advertising that was held back is not tried again for a day', () => {
  expect(treatmentOf({ code: 131049 })).toMatchObject({ action: 'FAIL', retryCanHelp: true, retryAfterSeconds: 86_400 })
})
