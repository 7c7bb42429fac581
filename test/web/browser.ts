import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { PASSWORD } from '../harness.ts'
import type { TestServer } from '../harness.ts'

/** Debian's own: nothing is downloaded. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'] })
}

/** Somebody in a browser of their own. */
export interface Person {
  name: string
  page: Page
  context: BrowserContext
  /** What their browser complained of: errors of scripts, what the page's policy forbade. */
  complaints: string[]
}

/** Opens a browser window with nobody signed in. Every complaint of the page is kept. */
export async function openWindow(browser: Browser, server: TestServer, name: string, options: BrowserContextOptions = {}): Promise<Person> {
  const context = await browser.newContext({ baseURL: server.url, locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce', viewport: { width: 1280, height: 800 }, ...options })
  context.setDefaultTimeout(15_000)
  const complaints: string[] = []
  const person: Person = { name, context, complaints, page: await watched(context, complaints) }
  return person
}

/** Another tab of the same window. */
export async function watched(context: BrowserContext, complaints: string[]): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // A server that is away is told by the browser too; that is what some tests are about.
    if (message.type() === 'error' && !/ERR_|WebSocket connection|Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  return page
}

/** Signs up through the form. */
export async function signUp(person: Person): Promise<void> {
  const { page, name } = person
  await page.goto('/signup')
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Username').fill(name.toLowerCase())
  await page.getByLabel('E-mail').fill(`${name.toLowerCase()}@example.com`)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.getByRole('heading', { name: 'Chats' }).waitFor()
}

export async function signIn(person: Person): Promise<void> {
  const { page, name } = person
  await page.goto('/signin')
  await page.getByLabel('Username or e-mail').fill(name.toLowerCase())
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Chats' }).waitFor()
}

/** Opens a direct chat by the dialog for new ones. */
export async function beginChat({ page }: Person, other: string): Promise<void> {
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await page.getByLabel('Search people').fill(other)
  await page.getByRole('dialog').getByRole('button', { name: new RegExp(`${other}\\s*@`) }).click()
  await page.getByRole('heading', { level: 2, name: other }).waitFor()
}

export async function openChat({ page }: Person, title: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: new RegExp(title) }).click()
  await page.getByRole('heading', { level: 2, name: title }).waitFor()
}

export async function say({ page }: Person, text: string): Promise<void> {
  const box = page.getByLabel('Write a message')
  await box.fill(text)
  await box.press('Enter')
}

/** A message in the open chat. */
export const messageOf = ({ page }: Person, text: string) => page.getByRole('log').getByRole('article').filter({ hasText: text })

/** Waits until a message of one's own has come so far. */
export async function ticked(person: Person, text: string, status: string): Promise<void> {
  await messageOf(person, text).locator(`[data-status="${status}"]`).waitFor()
}

/** Chooses something from a message's menu. */
export async function choose(person: Person, text: string, item: string | RegExp): Promise<void> {
  const message = messageOf(person, text).first()
  await message.hover()
  await message.getByRole('button', { name: 'What to do with this message' }).click()
  await person.page.getByRole('menuitem', { name: item }).click()
}

interface Notice {
  title: string
  body: string
  press: () => void
}

/** Keeps what the system would show, in a window that nobody looks at: Chromium without a screen holds each one for the one in front. To be called before the page is opened. */
export async function catchNotices({ context, page }: Person): Promise<{ told(): Promise<string[]>; pressFirst(): Promise<void> }> {
  await context.grantPermissions(['notifications'])
  await page.addInitScript(() => {
    const shown: Notice[] = []
    class Notification {
      static readonly permission = 'granted'
      static requestPermission = () => Promise.resolve('granted')
      onclick: (() => void) | null = null
      constructor(title: string, { body }: { body: string }) {
        shown.push({ title, body, press: () => this.onclick?.() })
      }
      close(): void {
        shown.length = 0
      }
    }
    Object.assign(window, { Notification, shown })
    document.hasFocus = () => false
  })
  return {
    told: () => page.evaluate(() => (window as unknown as { shown: Notice[] }).shown.map(({ title, body }) => `${title}: ${body}`)),
    pressFirst: () => page.evaluate(() => { (window as unknown as { shown: Notice[] }).shown[0]?.press() }),
  }
}
