import { expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { beginChat, messageOf, openChat, say, ticked, watched } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

let alice: Person
let bob: Person

const stage = openStage(async () => {
  [alice, bob] = await stage.signUp('Alice', 'Bob')
  await beginChat(alice, 'Bob')
  await say(alice, 'hello')
  await openChat(bob, 'Alice')
  // Pages come back to the same address.
}, { server: async () => ({ settings: { PORT: String(await freePort()) } }) })

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name} says ${index + 1}.`)

/** The texts on the screen that somebody has numbered, from above to below. */
async function shown({ page }: Person, name: string): Promise<string[]> {
  const texts = await page.getByRole('log').getByRole('article').locator('[dir=auto]').allInnerTexts()
  return texts.filter((text) => text.startsWith(`${name} says`))
}

test('what is said offline waits on the screen, and goes out in order, once, when the line is back', async () => {
  await alice.context.setOffline(true)
  await alice.page.getByText('No connection. What you write is sent later.').waitFor({ timeout: 40_000 })
  const texts = numbered('Offline Alice', 5)
  for (const text of texts) await say(alice, text)
  await ticked(alice, 'Offline Alice says 5.', 'SENDING')
  await say(bob, 'Are you there?')
  await alice.context.setOffline(false)
  await messageOf(alice, 'Are you there?').waitFor({ timeout: 40_000 })
  await messageOf(bob, 'Offline Alice says 5.').waitFor({ timeout: 40_000 })
  expect(await shown(bob, 'Offline Alice')).toEqual(texts)
  await ticked(alice, 'Offline Alice says 5.', 'READ')
  expect(await shown(alice, 'Offline Alice')).toEqual(texts)
  await expect.poll(() => alice.page.getByText('No connection.').count()).toBe(0)
})

test('the server ends and starts again while both write: nothing lost, nothing twice', async () => {
  // High enough that all of it is drawn.
  for (const { page } of [alice, bob]) await page.setViewportSize({ width: 1280, height: 3000 })
  const [hers, his] = [numbered('Alice', 12), numbered('Bob', 12)]
  const write = async (person: Person, texts: string[]) => {
    for (const text of texts) await say(person, text)
  }
  const writing = Promise.all([write(alice, hers), write(bob, his)])
  await stage.server.restart()
  await writing
  for (const person of [alice, bob]) {
    for (const texts of [hers, his]) await messageOf(person, texts.at(-1) ?? '').first().waitFor({ timeout: 40_000 })
    await expect.poll(() => person.page.locator('[data-status="SENDING"]').count(), { timeout: 40_000 }).toBe(0)
    await expect.poll(() => shown(person, 'Alice'), { timeout: 10_000 }).toEqual(hers)
    await expect.poll(() => shown(person, 'Bob'), { timeout: 10_000 }).toEqual(his)
  }
}, 120_000)

test('two tabs of one person show the same, and what one has begun to send the other does not send again', async () => {
  const second: Person = { ...alice, page: await watched(alice.context, alice.complaints) }
  await second.page.goto(alice.page.url())
  await messageOf(second, 'Alice says 12.').waitFor()
  await say(second, 'from the second tab')
  await messageOf(alice, 'from the second tab').waitFor()
  await say(alice, 'from the first tab')
  await messageOf(second, 'from the first tab').waitFor()
  await messageOf(bob, 'from the first tab').waitFor()
  for (const person of [alice, second, bob]) expect(await messageOf(person, 'from the second tab').count()).toBe(1)
  await second.page.close()
})

test('what was refused says why, and a tap sends it again', async () => {
  let isBroken = true
  await alice.page.route('**/graphql', async (route) => {
    const body = route.request().postData() ?? ''
    if (!isBroken || !body.includes('sendMessage')) return route.fallback()
    const answer = { data: { sendMessage: { message: null, duplicate: null, errors: [{ __typename: 'NotAllowed', code: 'NOT_ALLOWED', message: 'You may not write here.', path: null }] } } }
    return route.fulfill({ json: answer })
  })
  await say(alice, 'a stubborn one')
  await ticked(alice, 'a stubborn one', 'FAILED')
  await alice.page.getByText('You may not write here.').waitFor()
  isBroken = false
  await alice.page.getByRole('button', { name: 'Try again' }).first().click()
  await messageOf(bob, 'a stubborn one').waitFor()
  await expect.poll(() => messageOf(alice, 'a stubborn one').count()).toBe(1)
  await alice.page.unroute('**/graphql')
})
