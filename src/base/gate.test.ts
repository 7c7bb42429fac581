import { expect, test } from 'vitest'
import { createGate, createTurnstile } from './gate.ts'

test('who comes once does not wait for all of those who came many times before', async () => {
  const gate = createGate(1)
  const order: string[] = []
  const ends: (() => void)[] = []
  const come = (who: string, name: string) =>
    gate(who, () => {
      order.push(name)
      return new Promise<void>((resolve) => ends.push(resolve))
    })
  const all = [...['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']].map((name) => come(name.charAt(0), name))
  for (let n = 0; n < all.length; n++) {
    await expect.poll(() => ends.length).toBe(1)
    ends.pop()?.()
  }
  await Promise.all(all)
  expect(order).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
})

test('what fails makes room for the next', async () => {
  const gate = createGate(1)
  await expect(gate(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await gate(1, () => Promise.resolve('yes'))).toBe('yes')
})

test('a turnstile counts everybody apart', () => {
  const enter = createTurnstile(2)
  const [first, second] = [enter('a'), enter('a')]
  expect([first, second, enter('a'), enter('b')]).toEqual([expect.any(Function), expect.any(Function), null, expect.any(Function)])
  first?.()
  expect(enter('a')).not.toBeNull()
  expect(enter('a')).toBeNull()
})
