import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import { DEMO_PEOPLE } from '../src/demo-data.ts'

// Takes the pictures of the README from a running demo: `DATA_DIR=./demo npm run demo`, then `npm run screenshots`.
// First argument: where the server is; second: where the pictures go.

const [url = 'http://127.0.0.1:4000', folder = 'docs/pictures'] = process.argv.slice(2)
const WIDE = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 800 }

async function enter(page: Page): Promise<void> {
  const [alice] = DEMO_PEOPLE
  await page.goto(`${url}/signin`)
  await page.getByLabel('Username or e-mail').fill(alice?.username ?? '')
  await page.getByLabel('Password').fill(alice?.password ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation').getByRole('listitem').first().waitFor()
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
mkdirSync(folder, { recursive: true })
for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ viewport, colorScheme, locale: 'en-GB', reducedMotion: 'reduce', isMobile: size === 'phone', hasTouch: size === 'phone' })
    const page = await context.newPage()
    const shoot = async (name: string) => {
      await page.waitForLoadState('networkidle')
      await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png` })
    }
    await page.goto(`${url}/signin`)
    await page.getByRole('heading').first().waitFor()
    await shoot('sign-in')
    await enter(page)
    if (size === 'phone') await shoot('list')
    await page.getByRole('navigation').getByRole('listitem').first().getByRole('link').click()
    await page.getByRole('log').getByRole('article').last().waitFor()
    await shoot('chat')
    await page.getByRole('button', { name: 'About this chat' }).click()
    await page.getByRole('dialog').waitFor()
    await shoot('info')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    if (size === 'wide') {
      await page.getByLabel('Search', { exact: true }).fill('the')
      await page.getByRole('region', { name: 'Results' }).getByRole('heading').first().waitFor()
      await shoot('search')
      await page.getByLabel('Search', { exact: true }).fill('')
      await page.getByRole('button', { name: 'New chat' }).first().click()
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
      await shoot('new-chat')
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    }
    await page.goto(`${url}/settings`)
    await page.getByRole('heading', { name: 'Signed in on' }).waitFor()
    await shoot('settings')
    await context.close()
  }
}
await browser.close()
