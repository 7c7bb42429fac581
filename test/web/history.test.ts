import { expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { messageOf, openChat, say, signUp } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

const MANY = 250

let alice: Person
let bob: Client
let chatId: string

const stage = openStage(async ({ server }) => {
  const hers = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await hers.directChat(bob)
  for (let number = 1; number <= MANY; number++) await bob.send(chatId, `message ${number}. ${'More words. '.repeat(number % 7)}`)
  ;[alice] = await stage.signIn('Alice')
}, { withinMs: 180_000 })

const numberOf = (text: string) => Number(/message (\d+)\./.exec(text)?.[1])

test('one comes in where one has not read, and what is read is marked', async () => {
  await openChat(alice, 'Bob')
  await alice.page.getByRole('separator', { name: 'New messages' }).or(messageOf(alice, `message ${MANY - 40}.`)).first().waitFor()
  await alice.page.getByRole('button', { name: 'To the newest message' }).click()
  await messageOf(alice, `message ${MANY}.`).waitFor()
  await expect.poll(async () => (await alice.page.title())).toBe('Parley')
})

test('scrolling back brings one page after another, and what one looks at does not move', async () => {
  const log = alice.page.getByRole('log')
  await log.hover()
  let least = MANY
  for (let turn = 0; turn < 150 && least > 1; turn++) {
    const before = await placesOf(alice)
    await alice.page.mouse.wheel(0, -350)
    await alice.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    const after = await placesOf(alice)
    // What was there before and after has moved by what was scrolled, all alike: nothing was put between.
    const moves = [...after].flatMap(([id, y]) => (before.has(id) ? [Math.round(y - (before.get(id) ?? 0))] : []))
    expect(Math.max(...moves) - Math.min(...moves), `turn ${turn}: ${moves.join(' ')}`).toBeLessThanOrEqual(2)
    expect(moves.length, `turn ${turn}`).toBeGreaterThan(0)
    expect(Math.max(...moves), `turn ${turn}`).toBeLessThanOrEqual(360)
    const texts = await log.getByRole('article').locator('[dir=auto]').allInnerTexts()
    least = Math.min(least, ...texts.map(numberOf))
  }
  expect(least).toBe(1)
}, 120_000)

test('a message that comes while one reads above does not move what one reads', async () => {
  const before = await placesOf(alice)
  await bob.send(chatId, `message ${MANY + 1}. A new one`)
  await alice.page.getByRole('navigation').getByText(`message ${MANY + 1}.`).waitFor()
  expect(await placesOf(alice)).toEqual(before)
})

test('the newest is one press away, and what one says brings one there too', async () => {
  await alice.page.getByRole('button', { name: 'To the newest message' }).click()
  await messageOf(alice, `message ${MANY + 1}.`).waitFor()
  await alice.page.getByRole('log').press('Home')
  await say(alice, 'and an answer')
  await messageOf(alice, 'and an answer').waitFor()
  await expect.poll(() => messageOf(alice, 'and an answer').isVisible()).toBe(true)
})

test('a search leads into the middle of the past, from where it goes both ways', async () => {
  const { page } = alice
  await page.reload()
  await page.getByLabel('Search', { exact: true }).fill('message 120')
  await page.getByRole('region', { name: 'Results' }).getByRole('link', { name: /message 120\./ }).first().click()
  await expect.poll(() => messageOf(alice, 'message 120.').isVisible()).toBe(true)
  await page.getByRole('log').hover()
  for (let turn = 0; turn < 60 && (await messageOf(alice, 'message 190.').count()) === 0; turn++) await page.mouse.wheel(0, 900)
  await messageOf(alice, 'message 190.').waitFor()
  await page.getByRole('button', { name: 'To the newest message' }).click()
  await messageOf(alice, 'and an answer').waitFor()
})

/** Where each message stands on the screen, of those that are all in it. */
async function placesOf({ page }: Person): Promise<Map<string, number>> {
  const places = await page.getByRole('log').evaluate((log) => {
    const frame = log.getBoundingClientRect()
    return [...log.querySelectorAll('[data-message]')].flatMap((each) => {
      const { top, bottom } = each.getBoundingClientRect()
      return bottom > frame.top && top < frame.bottom ? [[each.getAttribute('data-message') ?? '', top] as [string, number]] : []
    })
  })
  return new Map(places)
}

test('on a phone the list and the chat are pages of their own', async () => {
  const carol = await stage.window('Carol', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true })
  await signUp(carol)
  await carol.page.getByRole('button', { name: 'New chat' }).first().tap()
  await carol.page.getByLabel('Search people').fill('bob')
  await carol.page.getByRole('dialog').getByRole('button', { name: /Bob/ }).tap()
  await carol.page.getByRole('heading', { level: 2, name: 'Bob' }).waitFor()
  expect(await carol.page.getByRole('navigation').isVisible()).toBe(false)
  await say(carol, 'from a phone')
  await messageOf(carol, 'from a phone').waitFor()
  await carol.page.getByRole('link', { name: 'Back' }).tap()
  await carol.page.getByRole('navigation').getByText('from a phone').waitFor()
  expect(await carol.page.getByRole('main').isVisible()).toBe(false)
  const overflow = await carol.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect(overflow).toBeLessThanOrEqual(0)
  expect(carol.complaints).toEqual([])
})
