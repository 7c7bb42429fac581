import { afterAll, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { plain } from '../support/pictures.ts'
import { makeAgent } from '../whatsapp/server/parley.ts'
import { startSimulator } from '../whatsapp/simulator/simulator.ts'
import type { Simulator } from '../whatsapp/simulator/simulator.ts'
import { messageOf, openChat, say, ticked } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

let meta: Simulator
let alice: Person
let bob: Person
let root: Client
let ada: ReturnType<Simulator['customer']>

// Ends after the server, which still tells it things.
afterAll(() => meta.close())
const stage = openStage(
  async ({ server }) => {
    root = await server.signUp('root')
    for (const name of ['alice', 'bob']) await makeAgent(root, await server.signUp(name))
    await meta.connect(`${server.url}/webhooks/whatsapp`)
    ;[alice, bob] = await stage.signIn('Alice', 'Bob')
    ada = meta.customer({ phone: '14155550123', name: 'Ada' })
  },
  {
    async server() {
      meta = await startSimulator({ limits: null, templates: [{ name: 'pick_up', components: [{ type: 'BODY', text: 'Hello {{1}}, your order waits until {{2}}.' }] }] })
      return { settings: meta.settings(), whatsappPace: 0.01 }
    },
  },
)

const assign = (person: Person, item: string) => async () => {
  await person.page.getByRole('button', { name: /To be answered by/ }).click()
  await person.page.getByRole('menuitem', { name: item }).click()
}

test('a customer writes, and is with everybody who answers, with name and number', async () => {
  ada.writes('Is it in stock?')
  for (const person of [alice, bob]) {
    await openChat(person, 'Ada')
    await messageOf(person, 'Is it in stock?').waitFor()
    await person.page.getByRole('main').getByText('WhatsApp · +14155550123').waitFor()
  }
})

test('an answer goes out, and its ticks follow what the customer does', async () => {
  ada.goesAway()
  await say(alice, 'It is!')
  const answer = await meta.accepts(({ text }) => text === 'It is!')
  await ticked(alice, 'It is!', 'SENT')
  ada.comesBack()
  await ticked(alice, 'It is!', 'DELIVERED')
  ada.reads(answer.id)
  await ticked(alice, 'It is!', 'READ')
  // The other one who answers sees it on the same side, with the name of who said it.
  await messageOf(bob, 'It is!').getByText('alice').waitFor()
})

test('one of them takes the customer over; their own are in a view of theirs', async () => {
  await alice.page.getByRole('button', { name: 'Mine', exact: true }).click()
  await alice.page.getByText('No customer waits for you.').waitFor()
  await assign(bob, 'alice')()
  await alice.page.getByRole('button', { name: 'To be answered by: You' }).waitFor()
  await alice.page.getByRole('navigation').getByRole('link', { name: /Ada/ }).getByLabel('Yours to answer').waitFor()
  await assign(bob, 'I answer')()
  await alice.page.getByRole('button', { name: 'To be answered by: bob' }).waitFor()
  await alice.page.getByText('No customer waits for you.').waitFor()
  await alice.page.getByRole('button', { name: 'Customers', exact: true }).click()
  await alice.page.getByRole('navigation').getByRole('link', { name: /Ada/ }).waitFor()
  await alice.page.getByRole('button', { name: 'All', exact: true }).click()
})

test('pictures go both ways', async () => {
  ada.sends('image', { bytes: await plain('jpeg', 320, 200), mimeType: 'image/jpeg', caption: 'This one' })
  await messageOf(alice, 'This one').getByRole('button', { name: /^Show/ }).waitFor()
  await alice.page.getByLabel('Attach files').last().setInputFiles([{ name: 'shelf.png', mimeType: 'image/png', buffer: await plain('png', 200, 200) }])
  await say(alice, 'Like so?')
  await meta.accepts(({ type }) => type === 'image')
  await ticked(alice, 'Like so?', 'DELIVERED')
})

test('what was not delivered says why in plain words, and is sent again at a press', async () => {
  meta.rule({ times: 1, effect: { fails: 131053 } })
  await say(alice, 'We have two left')
  const message = messageOf(alice, 'We have two left')
  await message.getByRole('alert').getByText('WhatsApp could not use this file.').waitFor()
  await ticked(alice, 'We have two left', 'FAILED')
  await message.getByRole('button', { name: 'Try again' }).click()
  await ticked(alice, 'We have two left', 'DELIVERED')
  await expect.poll(() => message.getByRole('alert').count()).toBe(0)
})

test('the time to answer counts down; once it is over only a template goes, and it opens again when the customer writes', async () => {
  const { page } = alice
  /** So many hours later, as the page has it when somebody looks at it again. */
  const later = (hours: number) =>
    page.evaluate((ms) => {
      const clock = window as unknown as { now?: () => number }
      const now = (clock.now ??= Date.now)
      Date.now = () => now() + ms
      window.dispatchEvent(new Event('focus'))
    }, hours * 3_600_000)
  await page.getByRole('timer').getByText('23 hours left to answer freely').waitFor()
  await later(22.5)
  await page.getByRole('timer').getByText(/\d+ minutes left to answer freely/).waitFor()
  await later(24.5)
  await page.getByText('The 24 hours to answer are over').waitFor()
  expect(await page.getByLabel('Write a message').count()).toBe(0)
  meta.advance(25 * 3_600_000)
  await page.getByRole('button', { name: 'Send a template' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: /pick up/ }).click()
  await dialog.getByLabel('Value 1').fill('Ada')
  await dialog.getByLabel('Value 2').fill('Thursday')
  await dialog.getByText('Hello Ada, your order waits until Thursday.').waitFor()
  await dialog.getByRole('button', { name: 'Send' }).click()
  await expect.poll(() => dialog.count()).toBe(0)
  await meta.accepts(({ type }) => type === 'template')
  await messageOf(alice, 'Hello Ada, your order waits until Thursday.').waitFor()
  await later(0)
  ada.writes('Thank you')
  await messageOf(alice, 'Thank you').waitFor()
  await page.getByLabel('Write a message').waitFor()
})

test('a customer is written to first, by their number', async () => {
  const { page } = bob
  meta.customer({ phone: '491701234567', name: 'Grace' })
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await page.getByRole('button', { name: 'WhatsApp customer' }).click()
  await page.getByLabel('Phone number').fill('12')
  await page.getByRole('button', { name: 'Begin' }).click()
  await expect.poll(() => page.getByLabel('Phone number').getAttribute('aria-invalid')).toBe('true')
  await page.getByLabel('Phone number').fill('+49 170 1234567')
  await page.getByLabel('Name', { exact: true }).fill('Grace H.')
  await page.getByRole('button', { name: 'Begin' }).click()
  await page.getByRole('heading', { level: 2, name: 'Grace H.' }).waitFor()
  await page.getByText('A first message has to be a template').waitFor()
})

test('who comes to answer customers has their chats at once, and no more when that ends', async () => {
  const client = await stage.server.signUp('dora')
  const [dora] = await stage.signIn('Dora')
  const { page } = dora
  const ada = page.getByRole('navigation').getByRole('link', { name: /Ada/ })
  const views = page.getByRole('group', { name: 'Which chats' })
  await page.getByText('No chats yet').waitFor()
  expect(await views.getByRole('button', { name: 'Customers' }).count()).toBe(0)
  // Gone with a reload.
  await page.evaluate(() => Object.assign(window, { isSame: true }))
  await makeAgent(root, client)
  await ada.waitFor()
  await views.getByRole('button', { name: 'Customers' }).click()
  await openChat(dora, 'Ada')
  await messageOf(dora, 'Thank you').waitFor()
  await say(dora, 'Dora is new here')
  await ticked(dora, 'Dora is new here', 'DELIVERED')
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await page.getByRole('button', { name: 'WhatsApp customer' }).waitFor()
  await page.keyboard.press('Escape')
  await makeAgent(root, client, [])
  await page.getByText('This chat is not there, or you are no longer in it.').waitFor()
  await ada.waitFor({ state: 'detached' })
  await views.getByRole('button', { name: 'Customers' }).waitFor({ state: 'detached' })
  expect(await views.getByRole('button', { pressed: true }).allInnerTexts()).toEqual(['All'])
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await page.getByRole('button', { name: 'New group' }).waitFor()
  expect(await page.getByRole('button', { name: 'WhatsApp customer' }).count()).toBe(0)
  await page.keyboard.press('Escape')
  await makeAgent(root, client)
  await messageOf(dora, 'Dora is new here').waitFor()
  expect(await page.evaluate(() => 'isSame' in window)).toBe(true)
  expect(dora.complaints).toEqual([])
})
