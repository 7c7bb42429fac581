import { expect, test } from 'vitest'
import { TimeLimit } from './time-limit.ts'

const forever = () => new Promise<string>(() => undefined)

test('work that takes too long is given up: what then comes of it is what the limit says', async () => {
  const limit = new TimeLimit(20)
  const refused = new Error('too long')
  await expect(limit.run(forever(), () => { throw refused })).rejects.toBe(refused)
  const [late, quick, again] = await Promise.all([limit.run(forever(), () => 'over'), limit.run(Promise.resolve('done'), () => 'over'), limit.run(forever(), () => 'over')])
  expect([late, quick, again]).toEqual(['over', 'done', 'over'])
})

test('work that fails in time fails as it does', async () => {
  const limit = new TimeLimit(10_000)
  const fault = new Error('a fault')
  await expect(limit.run(Promise.reject(fault), () => 'over')).rejects.toBe(fault)
})
