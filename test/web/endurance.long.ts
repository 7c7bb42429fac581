import { readFileSync, readdirSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { messageOf, openChat, openWindow, say, signIn, ticked } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

// What takes its time, or is measured: `npm run test:browser:long`. Speeds say something on a quiet machine alone.

const MANY = Number(process.env.MESSAGES ?? 100_000)
const UNDER_WAY = 64
const BACK = 5000
const MOST_FRAME_MS = 50
const MOST_READY_MS = 2000
const MINUTE_MS = 60_000

let alice: Person
let bob: Client
let chatId: string

const stage = openStage(async ({ server }) => {
  const hers = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await hers.directChat(bob)
  let next = 1
  const write = async () => {
    for (let number = next++; number <= MANY; number = next++) await bob.send(chatId, `message ${number}. ${'More words. '.repeat(number % 9)}`)
  }
  await Promise.all(Array.from({ length: UNDER_WAY }, write))
  ;[alice] = await stage.signIn('Alice')
}, { withinMs: 900_000 })

test('the chat page can be used soon after its address was opened', async () => {
  const { page } = alice
  await openChat(alice, 'Bob')
  await page.waitForURL(/\/chat\//)
  const times: number[] = []
  for (let turn = 0; turn < 5; turn++) {
    await page.reload({ waitUntil: 'commit' })
    await messageOf(alice, 'message').first().waitFor()
    times.push(await page.evaluate(() => performance.now()))
  }
  console.log(`until messages are there and the field takes text: ${times.map(Math.round).join(', ')} ms`)
  expect([...times].sort((a, b) => a - b)[2]).toBeLessThan(MOST_READY_MS)
})

test(`scrolling ${BACK} back in a chat of ${MANY} keeps frames short`, async () => {
  const { page } = alice
  const toEnd = page.getByRole('button', { name: 'To the newest message' })
  if (await toEnd.isVisible()) await toEnd.click()
  // One of the same number may have taken another place.
  const newest = page.getByRole('log').getByRole('article').last()
  await newest.waitFor()
  await page.getByRole('log').hover()
  await page.evaluate(() => {
    const frames: number[] = []
    let before = performance.now()
    const step = (now: number) => {
      frames.push(now - before)
      before = now
      requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
    Object.assign(window, { frames })
  })
  const { chat } = await bob.ask(`{ chat(id: "${chatId}") { messages(last: 1) { nodes { number } } } }`)
  const last = Number(chat.messages.nodes[0].number)
  const least = async () => {
    const ids = await page.getByRole('log').locator('[data-number]').evaluateAll((all) => all.map((each) => Number(each.getAttribute('data-number'))))
    return Math.min(...ids)
  }
  const began = Date.now()
  for (let turn = 0; turn < 5000 && (turn % 20 > 0 || (await least()) > last - BACK); turn++) await page.mouse.wheel(0, -500)
  const took = Date.now() - began
  expect(await least()).toBeLessThanOrEqual(last - BACK)
  const frames = await page.evaluate(() => (window as unknown as { frames: number[] }).frames.slice(5))
  frames.sort((a, b) => a - b)
  const at = (share: number) => Math.round(frames[Math.floor(frames.length * share)] ?? 0)
  console.log(`${BACK} messages back in ${took} ms, ${frames.length} frames: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, longest ${Math.round(frames.at(-1) ?? 0)} ms`)
  expect(at(0.95)).toBeLessThan(MOST_FRAME_MS)
}, 300_000)

test('an idle page asks for nothing in a minute', async () => {
  const { page } = alice
  await page.reload()
  await messageOf(alice, 'message').first().waitFor()
  await page.waitForLoadState('networkidle')
  const requests: string[] = []
  page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`))
  page.on('websocket', (socket) => requests.push(`socket ${socket.url()}`))
  await page.waitForTimeout(MINUTE_MS)
  expect(requests).toEqual([])
}, MINUTE_MS + 60_000)

test('after a minute without a line all that was missed is there, and what was said meanwhile goes out once, in order', async () => {
  const { page } = alice
  await page.setViewportSize({ width: 1280, height: 3000 })
  await alice.context.setOffline(true)
  const hers = Array.from({ length: 5 }, (_, index) => `Alice, offline, ${index + 1}.`)
  for (const text of hers) await say(alice, text)
  const ended = Date.now() + MINUTE_MS
  for (let number = 1; number <= 20; number++) await bob.send(chatId, `missed ${number}.`)
  await page.waitForTimeout(ended - Date.now())
  await alice.context.setOffline(false)
  await messageOf(alice, 'missed 20.').waitFor({ timeout: 30_000 })
  await ticked(alice, 'Alice, offline, 5.', 'SENT')
  const texts = await page.getByRole('log').getByRole('article').locator('[dir=auto]').allInnerTexts()
  expect(texts.filter((text) => text.startsWith('missed'))).toEqual(Array.from({ length: 20 }, (_, index) => `missed ${index + 1}.`))
  expect(texts.filter((text) => text.startsWith('Alice, offline'))).toEqual(hers)
}, MINUTE_MS + 90_000)

/** A process and all that it has started. */
function familyOf(pid: number): number[] {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name): [number, number][] => {
    try {
      return [[Number(name), Number(readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1])]]
    } catch {
      return []
    }
  })
  const childrenOf = (id: number): number[] => parents.filter(([, parent]) => parent === id).flatMap(([child]) => [child, ...childrenOf(child)])
  return [pid, ...childrenOf(pid)]
}

test('after the laptop slept for a minute all that was missed is there', async () => {
  const laptop = await chromium.launchServer({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
  const remote = await chromium.connect(laptop.wsEndpoint())
  const again = await openWindow(remote, stage.server, 'Alice')
  await signIn(again)
  await openChat(again, 'Bob')
  await again.page.getByRole('log').getByRole('article').first().waitFor()
  await again.page.getByRole('button', { name: 'To the newest message' }).click({ timeout: 2000 }).catch(() => undefined)
  const family = familyOf(laptop.process().pid ?? 0)
  for (const pid of family) process.kill(pid, 'SIGSTOP')
  const ended = Date.now() + MINUTE_MS
  for (let number = 1; number <= 20; number++) await bob.send(chatId, `slept through ${number}.`)
  await new Promise((resolve) => setTimeout(resolve, ended - Date.now()))
  for (const pid of family) process.kill(pid, 'SIGCONT')
  const woke = Date.now()
  await messageOf(again, 'slept through 20.').waitFor({ timeout: 30_000 })
  console.log(`all there ${Date.now() - woke} ms after it woke`)
  const texts = await again.page.getByRole('log').getByRole('article').locator('[dir=auto]').allInnerTexts()
  expect(texts.filter((text) => text.startsWith('slept through 20'))).toHaveLength(1)
  await laptop.close()
}, MINUTE_MS + 90_000)
