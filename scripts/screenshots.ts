import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import sharp from 'sharp'
import { DEMO_PEOPLE } from '../src/demo-data.ts'
import { startSimulator } from '../test/whatsapp/simulator/simulator.ts'
import type { Simulator } from '../test/whatsapp/simulator/simulator.ts'
import { sound } from '../test/support/pictures.ts'
import { landscape, portrait } from './pictures.ts'

// Takes the pictures of the README: starts a demo of its own, lets its people send each other some files, and looks at them.
// `npm run screenshots`, after `npm run build`, for those of the README; with a folder as its argument it puts all that it sees there.
// CHROMIUM names another browser. Emoji come from a font of the system, such as Debian's fonts-noto-color-emoji.

const [chosen] = process.argv.slice(2)
const folder = chosen ?? 'docs/pictures'
const IN_README = ['group-wide-light', 'chat-wide-dark', 'customer-wide-light', 'list-phone-light', 'group-phone-dark', 'info-phone-light']
const WIDE = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

interface Demo {
  url: string
  stop(): Promise<void>
}

/** With customers on WhatsApp, as the simulator plays them. */
async function startDemo(meta: Simulator): Promise<Demo> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-screenshots-'))
  const server = spawn(process.execPath, ['dist/demo.js'], { env: { ...process.env, ...meta.settings(), DATA_DIR: dataDir, PORT: '0', NODE_ENV: 'development' }, stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    server.stdout.on('data', (part: Buffer) => {
      said += part.toString()
      const found = /API\s+(http:\/\/[\d.:]+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
    server.once('exit', (code) => { reject(new Error(`The demo ended with ${code}.`)) })
  })
  await meta.connect(`${url}/webhooks/whatsapp`)
  return {
    url,
    async stop() {
      server.kill('SIGTERM')
      await new Promise((resolve) => server.once('exit', resolve))
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, locale: 'en-GB', reducedMotion: 'reduce', ...options })
  return context.newPage()
}

async function enter(page: Page, name: string): Promise<void> {
  const person = DEMO_PEOPLE.find(({ username }) => username === name)
  await page.goto('/signin')
  await page.getByLabel('Username or e-mail').fill(name)
  await page.getByLabel('Password').fill(person?.password ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation').getByRole('listitem').first().waitFor()
}

const goTo = async (page: Page, title: RegExp) => {
  await page.getByRole('navigation').getByRole('link', { name: title }).click()
  await page.getByRole('log').getByRole('article').last().waitFor()
}

async function send(page: Page, text: string, files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
  if (files.length > 0) {
    await page.getByLabel('Attach files').last().setInputFiles(files)
    await page.getByRole('list', { name: 'Files to send' }).waitFor()
  }
  await page.getByLabel('Write a message').fill(text)
  await page.getByLabel('Write a message').press('Enter')
  await page.getByRole('log').getByRole('article').filter({ hasText: text }).last().locator('[data-status=SENT],[data-status=DELIVERED],[data-status=READ]').waitFor()
}

const jpeg = async (name: string) => ({ name: `${name}.jpg`, mimeType: 'image/jpeg', buffer: await landscape(name) })

/** Alice answers customers, and some have written. */
async function openShop(meta: Simulator, url: string): Promise<void> {
  const ask = async (query: string, token?: string) => {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) }, body: JSON.stringify({ query }) })
    return ((await response.json()) as { data: Record<string, { accessToken: string; user: { id: string }; errors: object[] }> }).data
  }
  const { login } = await ask(`mutation { login(input: { login: "alice", password: "${DEMO_PEOPLE[0]?.password ?? ''}" }) { accessToken user { id } errors { message } } }`)
  await ask(`mutation { setUserRoles(input: { userId: "${login?.user.id ?? ''}", roles: [ADMIN, AGENT] }) { errors { message } } }`, login?.accessToken)
  meta.customer({ phone: '14155550123', name: 'Ada Lindqvist' }).writes('Hi! Is the walnut bread back on Fridays?')
  meta.customer({ phone: '491701234567', name: 'Jonas Weber' }).writes('Could I pick my order up on Thursday instead?')
}

/** Faces, pictures of the walk, a voice note and a document. */
async function furnish(browser: Browser, url: string): Promise<void> {
  for (const { username } of DEMO_PEOPLE) {
    const page = await open(browser, url, { viewport: WIDE })
    await enter(page, username)
    await page.goto('/settings')
    await page.getByLabel('Change picture').last().setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: await portrait(username) })
    await page.getByRole('link', { name: 'Settings' }).locator('img').waitFor()
    if (username === 'carol') {
      await goTo(page, /Saturday hike/)
      await page.getByRole('button', { name: 'About this chat' }).click()
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Escape')
      await send(page, 'From last time, so that you know what you are in for', [await jpeg('gorge'), await jpeg('lake'), await jpeg('dusk')])
    }
    if (username === 'alice') {
      await goTo(page, /Saturday hike/)
      await page.getByRole('button', { name: 'About this chat' }).click()
      await page.getByRole('dialog').getByLabel('Change picture').last().setInputFiles({ name: 'hike.jpg', mimeType: 'image/jpeg', buffer: await landscape('gorge', 800, 800) })
      await page.getByRole('dialog').getByRole('button', { name: 'Remove picture' }).waitFor()
      await page.keyboard.press('Escape')
      await goTo(page, /Ada Lindqvist/)
      await page.getByRole('button', { name: /To be answered by/ }).click()
      await page.getByRole('menuitem', { name: 'I answer' }).click()
      await page.getByRole('button', { name: 'To be answered by: You' }).waitFor()
      await send(page, 'Hello Ada! Yes, from seven in the morning. Shall I put one aside for you?', [])
    }
    if (username === 'dan') {
      await goTo(page, /Saturday hike/)
      await send(page, 'My list of snacks', [{ name: 'Snacks, final version.pdf', mimeType: 'application/pdf', buffer: Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(184_000, 'snack ')]) }])
    }
    if (username === 'bob') {
      await goTo(page, /Alice Novak/)
      await send(page, 'The view from your corner', [await jpeg('lake')])
      await send(page, 'I forgot the pump, listen', [{ name: 'voice.wav', mimeType: 'audio/wav', buffer: sound(14, (n) => 128 + Math.round(12 * Math.sin(n / 6))) }])
    }
    await page.context().close()
  }
}

/** What one sees, one state after the other. */
async function tour(page: Page, shoot: (name: string) => Promise<void>, isPhone: boolean): Promise<void> {
  await page.goto('/signin')
  await page.getByRole('heading').first().waitFor()
  await shoot('sign-in')
  await enter(page, 'alice')
  if (isPhone) await shoot('list')
  await goTo(page, /Saturday hike/)
  const toEnd = page.getByRole('button', { name: 'To the newest message' })
  if (await toEnd.isVisible()) await toEnd.click()
  await page.getByRole('button', { name: 'Show gorge.jpg' }).waitFor()
  await page.waitForFunction(() => [...document.querySelectorAll('img')].every((image) => image.complete))
  await shoot('group')
  await page.getByRole('button', { name: 'Show gorge.jpg' }).click()
  await page.getByRole('dialog').getByRole('img', { name: 'gorge.jpg' }).waitFor()
  await shoot('picture')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'About this chat' }).click()
  await page.getByRole('dialog').getByText('@dan').waitFor()
  await shoot('info')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  if (isPhone) await page.getByRole('link', { name: 'Back' }).click()
  await goTo(page, /Bob Tanaka/)
  await page.getByRole('button', { name: 'Show lake.jpg' }).locator('img').waitFor()
  await shoot('chat')
  if (!isPhone) {
    await page.getByRole('log').getByRole('article').last().hover()
    await page.getByRole('log').getByRole('article').last().getByRole('button', { name: 'What to do with this message' }).click()
    await page.getByRole('menuitem', { name: 'Reply' }).waitFor()
    await shoot('menu')
    await page.keyboard.press('Escape')
    await page.getByLabel('Search', { exact: true }).fill('the')
    await page.getByRole('region', { name: 'Results' }).getByRole('heading').first().waitFor()
    await shoot('search')
    await page.getByLabel('Search', { exact: true }).fill('')
    await page.getByRole('button', { name: 'New chat' }).first().click()
    await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    await shoot('new-chat')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  }
  if (isPhone) await page.getByRole('link', { name: 'Back' }).click()
  await goTo(page, /Ada Lindqvist/)
  await page.getByRole('timer').waitFor()
  await shoot('customer')
  if (!isPhone) {
    await page.getByRole('button', { name: 'Send a template' }).click()
    await page.getByRole('dialog').getByRole('listitem').first().getByRole('button').click()
    await page.getByRole('dialog').getByRole('textbox').first().fill('Ada')
    await shoot('template')
    await page.keyboard.press('Escape')
  }
  await page.goto('/settings')
  await page.getByRole('heading', { name: 'Signed in on' }).waitFor()
  await shoot('settings')
}

const meta = await startSimulator({
  limits: null,
  templates: [
    { name: 'order_ready', components: [{ type: 'BODY', text: 'Hello {{1}}, your order is ready. We keep it for you until {{2}}.' }] },
    { name: 'we_miss_you', components: [{ type: 'BODY', text: 'It has been a while! The walnut bread is back.' }] },
  ],
})
const demo = await startDemo(meta)
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
try {
  await mkdir(folder, { recursive: true })
  await openShop(meta, demo.url)
  await furnish(browser, demo.url)
  for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const isPhone = size === 'phone'
      const page = await open(browser, demo.url, { viewport, colorScheme, isMobile: isPhone, hasTouch: isPhone })
      const shoot = async (name: string) => {
        await page.waitForLoadState('networkidle')
        // All pictures are there, and none is still told by its colours.
        await page.waitForFunction(() => document.querySelector('canvas') === null && [...document.querySelectorAll('img')].every((image) => image.complete && image.naturalWidth > 0))
        const picture = `${name}-${size}-${colorScheme}`
        if (chosen === undefined && !IN_README.includes(picture)) return
        await sharp(await page.screenshot()).png({ palette: true, effort: 10 }).toFile(join(folder, `${picture}.png`))
      }
      await tour(page, shoot, isPhone)
      await page.context().close()
    }
  }
} finally {
  await browser.close()
  await demo.stop()
  await meta.close()
}
