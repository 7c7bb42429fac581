import { expect, test } from 'vitest'
import { beginChat, catchNotices, choose, messageOf, openChat, say, signUp, ticked } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

let alice: Person
let bob: Person

const stage = openStage(async () => {
  [alice, bob] = await stage.signUp('Alice', 'Bob')
  await beginChat(alice, 'Bob')
})

test('what Alice says is unread with Bob, in the list and in the title, until he opens it', async () => {
  await say(alice, 'Good morning, Bob')
  const line = bob.page.getByRole('navigation').getByRole('link', { name: /Alice/ })
  await line.getByLabel('1 unread message').waitFor()
  await bob.page.waitForFunction(() => document.title === '(1) Parley')
  await ticked(alice, 'Good morning', 'DELIVERED')
  await openChat(bob, 'Alice')
  await messageOf(bob, 'Good morning, Bob').waitFor()
  await bob.page.getByRole('separator', { name: 'New messages' }).waitFor()
  await ticked(alice, 'Good morning', 'READ')
  await bob.page.waitForFunction(() => document.title === 'Parley')
})

test('each sees that the other types, and is there', async () => {
  await bob.page.getByLabel('Write a message').pressSequentially('Mo')
  await alice.page.getByRole('main').getByText('Bob is typing…').waitFor()
  await alice.page.getByRole('main').getByText('online').first().waitFor()
})

test('what was begun waits as a draft', async () => {
  await bob.page.getByLabel('Write a message').fill('half a thought')
  await bob.page.getByRole('link', { name: 'Settings' }).click()
  await bob.page.getByRole('navigation').getByText('half a thought').waitFor()
  await bob.page.reload()
  await openChat(bob, 'Alice')
  expect(await bob.page.getByLabel('Write a message').inputValue()).toBe('half a thought')
  await bob.page.getByLabel('Write a message').fill('')
})

test('Enter sends, Shift and Enter break the line', async () => {
  const box = alice.page.getByLabel('Write a message')
  await box.fill('first line')
  await box.press('Shift+Enter')
  await box.pressSequentially('second line')
  await box.press('Enter')
  await expect.poll(() => messageOf(bob, 'first line').locator('[dir=auto]').innerText()).toBe('first line\nsecond line')
  expect(await box.inputValue()).toBe('')
})

test('Bob answers to a message; a tap on the quote leads to it', async () => {
  await choose(bob, 'Good morning, Bob', 'Reply')
  await say(bob, 'Morning! Slept well?')
  const answer = messageOf(alice, 'Slept well?')
  await answer.getByRole('button', { name: /Alice\s*Good morning, Bob/ }).click()
  await expect.poll(() => messageOf(alice, 'Good morning, Bob').first().isVisible()).toBe(true)
})

test('reactions come and go', async () => {
  await choose(bob, 'first line', 'React with 👍')
  const reaction = messageOf(alice, 'first line').getByRole('button', { name: '👍, 1 person' })
  await reaction.click()
  await messageOf(bob, 'first line').getByRole('button', { name: '👍, 2 people' }).waitFor()
  await messageOf(bob, 'first line').getByRole('button', { name: '👍, 2 people' }).click()
  await messageOf(alice, 'first line').getByRole('button', { name: '👍, 1 person' }).waitFor()
})

test('who gave a reaction is told to the mouse, to the keyboard, and from the menu as it changes', async () => {
  const { page } = alice
  await choose(bob, 'first line', 'React with 👍')
  await choose(bob, 'first line', 'React with 🙏')
  await messageOf(alice, 'first line').getByRole('button', { name: '🙏, 1 person' }).waitFor()
  const pill = messageOf(alice, 'first line').getByRole('button', { name: '👍, 2 people' })
  const description = () => pill.evaluate((button) => document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent)
  const tooltip = page.getByRole('tooltip')
  await pill.hover()
  await tooltip.waitFor()
  expect(await description()).toBe('You and Bob')
  await page.getByLabel('Write a message').hover()
  await tooltip.waitFor({ state: 'detached' })
  await pill.focus()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Tab')
  await tooltip.waitFor()
  expect(await description()).toBe('You and Bob')
  await page.keyboard.press('Escape')
  await tooltip.waitFor({ state: 'detached' })
  await choose(alice, 'first line', 'Who has reacted')
  const dialog = page.getByRole('dialog', { name: 'Who has reacted' })
  await dialog.getByRole('region', { name: '🙏, 1 person' }).getByText('Bob').waitFor()
  expect(await dialog.getByRole('region', { name: '👍, 2 people' }).getByRole('listitem').locator('.truncate').allInnerTexts()).toEqual(['You', 'Bob'])
  await messageOf(bob, 'first line').getByRole('button', { name: '🙏, 1 person' }).click()
  await dialog.getByRole('region', { name: '🙏, 1 person' }).waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await pill.click({ button: 'right' })
  await dialog.getByRole('region', { name: '👍, 2 people' }).waitFor()
  await page.keyboard.press('Escape')
})

test('Alice edits what she said, by the arrow up', async () => {
  await say(alice, 'I slept wel')
  await messageOf(bob, 'I slept wel').waitFor()
  await alice.page.getByLabel('Write a message').press('ArrowUp')
  await say(alice, 'I slept well')
  await messageOf(bob, 'I slept well').getByText('edited').waitFor()
  await messageOf(alice, 'I slept well').getByText('edited').waitFor()
})

test('Alice deletes what she said, everywhere', async () => {
  await say(alice, 'a slip of the tongue')
  await messageOf(bob, 'a slip of the tongue').waitFor()
  await choose(alice, 'a slip of the tongue', 'Delete')
  await alice.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await messageOf(bob, 'This message was deleted').waitFor()
  await expect.poll(() => bob.page.getByText('a slip of the tongue').count()).toBe(0)
})

test('pins stand above the history of both', async () => {
  await choose(bob, 'first line', 'Pin')
  await alice.page.getByRole('button', { name: /Go to the pinned message: first line/ }).waitFor()
  await choose(alice, 'first line', 'Unpin')
  await expect.poll(() => bob.page.getByRole('button', { name: /Go to the pinned/ }).count()).toBe(0)
})

test('links can be followed, and nothing else in a text is more than text', async () => {
  await say(alice, 'see https://example.com/a_(b)?c=1. <img src=x onerror=alert(1)> www.example.org!')
  const links = messageOf(bob, 'onerror').getByRole('link')
  await expect.poll(() => links.evaluateAll((all) => all.map((each) => (each as { href?: string }).href))).toEqual(['https://example.com/a_(b)?c=1', 'https://www.example.org/'])
  expect(await links.first().getAttribute('rel')).toContain('noopener')
  expect(await messageOf(bob, 'onerror').locator('img').count()).toBe(0)
})

test('a message goes on to another chat', async () => {
  const carol = await stage.server.signUp('carol')
  await beginChat(bob, 'Carol')
  await openChat(bob, 'Alice')
  await choose(bob, 'Slept well?', 'Forward')
  await bob.page.getByRole('dialog').getByRole('button', { name: 'Carol' }).click()
  await openChat(bob, 'Carol')
  await messageOf(bob, 'Slept well?').getByText('Forwarded').waitFor()
  const { chats } = await carol.ask('{ chats(first: 1) { nodes { unreadCount lastMessage { text forwarded } } } }')
  expect(chats.nodes).toEqual([{ unreadCount: 1, lastMessage: { text: 'Morning! Slept well?', forwarded: true } }])
  await openChat(bob, 'Alice')
})

test('chats are pinned, muted and put away', async () => {
  const nav = bob.page.getByRole('navigation')
  const menu = async (item: string) => {
    await nav.getByRole('link', { name: /Alice/ }).hover()
    await nav.getByRole('button', { name: 'Options of Alice' }).click()
    await bob.page.getByRole('menuitem', { name: item }).click()
  }
  await menu('Pin to the top')
  await nav.getByRole('link', { name: /Alice/ }).getByLabel('Pinned').waitFor()
  await menu('Mute')
  await bob.page.getByRole('menuitem', { name: 'Always' }).click()
  await nav.getByRole('link', { name: /Alice/ }).getByLabel('Muted').waitFor()
  await menu('Archive')
  await expect.poll(() => nav.getByRole('link', { name: /Alice/ }).count()).toBe(0)
  await nav.getByRole('button', { name: 'Archived' }).click()
  await menu('Unarchive')
  await nav.getByRole('button', { name: 'All', exact: true }).click()
  await nav.getByRole('link', { name: /Alice/ }).waitFor()
  await menu('Unmute')
})

test('a search finds chats, people and messages, and leads to the message', async () => {
  const { page } = bob
  await page.getByLabel('Search', { exact: true }).fill('slept well')
  const results = page.getByRole('region', { name: 'Results' })
  await results.getByRole('link', { name: /Morning! Slept well/ }).first().click()
  await messageOf(bob, 'Slept well?').first().waitFor()
  await page.getByLabel('Search', { exact: true }).fill('car')
  await results.getByRole('heading', { name: 'People' }).waitFor()
  await results.getByRole('button', { name: 'Carol @carol' }).click()
  await page.getByRole('heading', { level: 2, name: 'Carol' }).waitFor()
})

test('from chat to chat by the keyboard', async () => {
  const { page } = bob
  await page.getByLabel('Search', { exact: true }).fill('')
  await expect.poll(() => page.getByRole('region', { name: 'Results' }).count()).toBe(0)
  const links = page.getByRole('navigation').getByRole('listitem').getByRole('link')
  await links.nth(1).waitFor()
  const [first, second] = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')))
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.keyboard.press('Alt+ArrowDown')
  await page.waitForURL(`**${first ?? ''}`)
  await page.keyboard.press('Alt+ArrowDown')
  await page.waitForURL(`**${second ?? ''}`)
  await page.keyboard.press('Alt+ArrowUp')
  await page.waitForURL(`**${first ?? ''}`)
  // Faster than the pages come.
  await page.evaluate(() => {
    for (const key of ['ArrowDown', 'ArrowUp', 'ArrowDown']) dispatchEvent(new KeyboardEvent('keydown', { key, altKey: true }))
  })
  await expect.poll(() => page.url()).toBe(`${stage.server.url}${second ?? ''}`)
})

test('who wants it is told of messages that nobody looks at, and a press leads to them', async () => {
  const dora = await stage.window('Dora')
  const notices = await catchNotices(dora)
  await signUp(dora)
  await dora.page.getByRole('link', { name: 'Settings' }).click()
  await dora.page.getByLabel('Show notifications of new messages').check()
  await beginChat(alice, 'Dora')
  await say(alice, 'Dora, look here')
  await expect.poll(notices.told).toEqual(['Alice: Dora, look here'])
  await notices.pressFirst()
  await messageOf(dora, 'Dora, look here').waitFor()
  await dora.context.close()
  await openChat(alice, 'Bob')
})
