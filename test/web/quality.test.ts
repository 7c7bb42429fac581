import { AxeBuilder } from '@axe-core/playwright'
import { expect, test } from 'vitest'
import { plain, silence } from '../support/pictures.ts'
import { beginChat, choose, messageOf, openChat, say, ticked } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

const MOST_SCRIPT_BYTES = 200_000
/** Short; the whole minute is in endurance.long.ts. */
const IDLE_MS = 6_000

let alice: Person
let invite: string

const stage = openStage(async ({ server }) => {
  const bob = await server.signUp('bob')
  ;[alice] = await stage.signUp('Alice')
  await beginChat(alice, 'Bob')
  await say(alice, 'Hello https://example.com 👋')
  await ticked(alice, 'Hello https', 'SENT')
  const { chats } = await bob.ask('{ chats(first: 1) { nodes { id lastMessage { id } } } }')
  await bob.send(chats.nodes[0].id, 'Hello Alice', { replyToId: chats.nodes[0].lastMessage.id })
  await messageOf(alice, 'Hello Alice').waitFor()
  // A group with pictures, sound and a document, and one that she is only invited to.
  await alice.page.getByRole('button', { name: 'New chat' }).first().click()
  await alice.page.getByRole('dialog').getByRole('button', { name: 'New group' }).click()
  await alice.page.getByLabel('Name of the group').fill('Painters')
  await alice.page.getByRole('dialog').getByRole('button', { name: /Bob/ }).click()
  await alice.page.getByRole('button', { name: 'Make group of 2' }).click()
  await alice.page.getByRole('heading', { level: 2, name: 'Painters' }).waitFor()
  await alice.page.getByLabel('Attach files').last().setInputFiles([
    { name: 'hill.png', mimeType: 'image/png', buffer: await plain('png', 400, 300) },
    { name: 'note.wav', mimeType: 'audio/wav', buffer: silence(3) },
    { name: 'list.txt', mimeType: 'text/plain', buffer: Buffer.from('brushes') },
  ])
  await say(alice, 'All of it')
  await messageOf(alice, 'All of it').getByRole('group', { name: 'Sound note.wav' }).waitFor()
  const { createGroupChat } = await bob.ask('mutation { createGroupChat(input: { title: "Singers", memberIds: [] }) { chat { id } errors { message } } }')
  const { createInvite } = await bob.ask(`mutation { createInvite(input: { chatId: "${createGroupChat.chat.id}" }) { chat { invite { code } } errors { message } } }`)
  invite = `/join/${createInvite.chat.invite.code}`
  await openChat(alice, 'Bob')
})

/** What axe finds to be serious, or worse. */
async function faults({ page }: Person): Promise<string[]> {
  // Without frames there is nothing to be put together, for which it would open another window each time.
  const axe = new AxeBuilder({ page }).setLegacyMode().withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'])
  const { violations } = await axe.analyze()
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds no serious fault on any page, ${colorScheme}`, async () => {
    const { page } = alice
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction((is) => document.documentElement.dataset.theme === is, colorScheme)
    const found: Record<string, string[]> = {}
    const look = async (name: string) => {
      found[name] = await faults(alice)
    }
    await look('chat')
    await choose(alice, 'Hello Alice', 'Reply')
    await look('reply')
    await page.getByLabel('Write a message').press('Escape')
    await page.getByRole('button', { name: 'About this chat' }).click()
    await page.getByRole('dialog').getByText('@bob').waitFor()
    await look('info')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'New chat' }).first().click()
    await page.getByRole('dialog').getByText('@bob').waitFor()
    await look('new chat')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await page.getByLabel('Search', { exact: true }).fill('hello')
    await page.getByRole('region', { name: 'Results' }).getByRole('heading', { name: 'Messages' }).waitFor()
    await look('search')
    await page.getByLabel('Search', { exact: true }).fill('')
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('heading', { name: 'Signed in on' }).waitFor()
    await look('settings')
    await openChat(alice, 'Painters')
    await page.getByRole('button', { name: 'About this chat' }).click()
    await page.getByRole('dialog').getByText('@bob').waitFor()
    await look('group')
    await page.getByRole('button', { name: 'Options of Bob' }).click()
    await page.getByRole('menu').waitFor()
    await look('menu')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Show hill.png' }).click()
    await page.getByRole('dialog').getByRole('img').waitFor()
    await look('picture')
    await page.keyboard.press('Escape')
    await page.getByLabel('Attach files').last().setInputFiles([{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') }])
    await page.getByRole('button', { name: 'Remove notes.txt' }).waitFor()
    await look('files')
    await page.getByRole('button', { name: 'Remove notes.txt' }).click()
    await page.goto(invite)
    await page.getByRole('button', { name: 'Join the group' }).waitFor()
    await look('invite')
    const stranger = await stage.window('Stranger', { colorScheme })
    for (const path of ['/signin', '/signup']) {
      await stranger.page.goto(path)
      await stranger.page.getByRole('heading').first().waitFor()
      found[path] = await faults(stranger)
    }
    await stranger.context.close()
    await openChat(alice, 'Bob')
    expect(Object.fromEntries(Object.entries(found).filter(([, all]) => all.length > 0))).toEqual({})
  }, 120_000)
}

test('everything can be done by the keyboard: to a message, into its menu, and back', async () => {
  const { page } = alice
  await messageOf(alice, 'Hello Alice').waitFor()
  await page.getByRole('log').focus()
  await page.keyboard.press('ArrowUp')
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-message') !== null)).toBe(true)
  await page.keyboard.press('Enter')
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => page.evaluate(() => document.activeElement?.hasAttribute('data-menu'))).toBe(true)
  await page.keyboard.press('Control+k')
  expect(await page.getByLabel('Search', { exact: true }).evaluate((box) => box === document.activeElement)).toBe(true)
})

test('the first load of the chat page is small', async () => {
  const { page } = alice
  const sizes = new Map<string, number>()
  const client = await alice.context.newCDPSession(page)
  await client.send('Network.enable')
  await client.send('Network.setCacheDisabled', { cacheDisabled: true })
  const names = new Map<string, string>()
  client.on('Network.responseReceived', ({ requestId, response }) => names.set(requestId, response.url))
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.set(names.get(requestId) ?? '', encodedDataLength))
  await page.reload()
  await messageOf(alice, 'Hello Alice').waitFor()
  const scripts = [...sizes].filter(([url]) => url.endsWith('.js'))
  expect(scripts.length).toBeGreaterThan(0)
  const total = scripts.reduce((sum, [, size]) => sum + size, 0)
  console.log(`script of the chat page: ${total} bytes, compressed`)
  expect(total).toBeLessThan(MOST_SCRIPT_BYTES)
  await client.detach()
})

test('an idle page asks for nothing', async () => {
  const { page } = alice
  await page.reload()
  await messageOf(alice, 'Hello Alice').waitFor()
  await page.waitForLoadState('networkidle')
  const requests: string[] = []
  page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`))
  page.on('websocket', (socket) => requests.push(`socket ${socket.url()}`))
  await page.waitForTimeout(IDLE_MS)
  expect(requests).toEqual([])
}, IDLE_MS + 60_000)
