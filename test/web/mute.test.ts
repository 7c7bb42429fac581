import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { catchNotices, openChat, signIn, watched } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

const HOUR_MS = 3_600_000
/** A Wednesday morning, as the pages have it; the server has its own time, and keeps what it is told. */
const NOON = new Date('2037-06-10T10:00:00Z')

let alice: Person
let bob: Client
let chatId: string
let told: () => Promise<string[]>

const stage = openStage(async ({ server }) => {
  const hers = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await hers.directChat(bob)
  await bob.send(chatId, 'Hello')
  alice = await stage.window('Alice')
  await alice.page.clock.install({ time: NOON })
  ;({ told } = await catchNotices(alice))
  await signIn(alice)
  await alice.page.getByRole('link', { name: 'Settings' }).click()
  await alice.page.getByLabel('Show notifications of new messages').check()
})

const line = (): Locator => alice.page.getByRole('navigation').getByRole('link', { name: /Bob/ })
const unread = (count: number) => line().getByLabel(`${count} unread message`).waitFor()

async function menu(): Promise<Locator> {
  await line().hover()
  await alice.page.getByRole('button', { name: 'Options of Bob' }).click()
  return alice.page.getByRole('menu').first()
}

async function mute(span: string): Promise<void> {
  await (await menu()).getByRole('menuitem', { name: 'Mute' }).click()
  await alice.page.getByRole('menuitem', { name: span }).click()
}


test('a chat that is muted for eight hours makes no noise, says until when, and is heard again after them by itself', async () => {
  await unread(1)
  await alice.page.waitForFunction(() => document.title === '(1) Parley')
  await mute('For 8 hours')
  await line().getByLabel(/^Muted until 18:0\d$/).waitFor()
  await alice.page.waitForFunction(() => document.title === 'Parley')
  await bob.send(chatId, 'Anybody there?')
  await unread(2)
  expect(await alice.page.title()).toBe('Parley')
  expect(await told()).toEqual([])
  expect(await (await menu()).innerText()).toMatch(/Muted until 18:0\d/)
  await alice.page.keyboard.press('Escape')
  await alice.page.clock.fastForward(7 * HOUR_MS)
  expect(await line().getByLabel('Muted').count()).toBe(1)
  await alice.page.clock.fastForward(HOUR_MS)
  await line().getByLabel('Muted').waitFor({ state: 'detached' })
  await alice.page.waitForFunction(() => document.title === '(2) Parley')
  await bob.send(chatId, 'Now?')
  await expect.poll(told).toEqual(['Bob: Now?'])
})

test('a week has its day, and ends early by hand; from the page about the chat too', async () => {
  const { page } = alice
  await mute('For a week')
  await line().getByLabel(/^Muted until Wed.* 17 Jun.* 18:0\d$/).waitFor()
  await (await menu()).getByRole('menuitem', { name: 'Unmute' }).click()
  await line().getByLabel('Muted').waitFor({ state: 'detached' })
  await page.waitForFunction(() => document.title === '(3) Parley')
  await openChat(alice, 'Bob')
  await page.getByRole('button', { name: 'About this chat' }).click()
  const about = page.getByRole('dialog')
  await about.getByRole('button', { name: 'Mute' }).click()
  await page.getByRole('menuitem', { name: 'For 8 hours' }).click()
  await about.getByText(/^Muted until Thu.* 11 Jun.* 02:0\d$/).waitFor()
  await about.getByRole('button', { name: 'Unmute' }).click()
  await about.getByRole('button', { name: 'Mute', exact: true }).waitFor()
  await about.getByRole('button', { name: 'Close' }).click()
})

test('the keyboard mutes for good, and another tab knows', async () => {
  const { page } = alice
  const other = await watched(alice.context, alice.complaints)
  await other.goto('/')
  await other.getByRole('heading', { name: 'Chats' }).waitFor()
  await page.getByRole('button', { name: 'Options of Bob' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  const isAt = (item: string) => page.getByRole('menuitem', { name: item }).evaluate((each) => each === document.activeElement)
  for (let turn = 0; turn < 5 && !(await isAt('Mute')); turn++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => isAt('For 8 hours')).toBe(true)
  await page.keyboard.press('End')
  await expect.poll(() => isAt('Always')).toBe(true)
  await page.keyboard.press('Enter')
  await line().getByLabel('Muted', { exact: true }).waitFor()
  await other.getByRole('navigation').getByRole('link', { name: /Bob/ }).getByLabel('Muted', { exact: true }).waitFor()
  await alice.page.clock.fastForward(30 * 24 * HOUR_MS)
  await bob.send(chatId, 'Never mind')
  await expect.poll(() => line().innerText()).toContain('Never mind')
  expect(await told()).toEqual(['Bob: Now?'])
  await other.close()
})
