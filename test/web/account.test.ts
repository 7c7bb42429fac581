import { expect, test } from 'vitest'
import { PASSWORD, startServer } from '../harness.ts'
import { openWindow, signIn, signUp, watched } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

let alice: Person

const stage = openStage(async () => {
  alice = await stage.window('Alice')
})

test('a name that is taken is told by its field, in the reader\'s language', async () => {
  await stage.server.signUp('taken')
  const hans = await stage.window('Hans', { locale: 'de-DE' })
  await hans.page.goto('/signup')
  await hans.page.getByLabel('Benutzername').fill('taken')
  await hans.page.getByLabel('E-Mail').fill('hans@example.com')
  await hans.page.getByLabel('Passwort').fill(PASSWORD)
  await hans.page.getByRole('button', { name: 'Registrieren' }).click()
  await hans.page.getByText('Dieser Benutzername ist vergeben.').waitFor()
  expect(await hans.page.getByLabel('Benutzername').getAttribute('aria-invalid')).toBe('true')
})

test('who signs up stays signed in over a reload; no token is kept where scripts read it', async () => {
  await signUp(alice)
  await alice.page.reload()
  await alice.page.getByRole('heading', { name: 'Chats' }).waitFor()
  const stored = await alice.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage, cookies: document.cookie }))
  expect(stored).not.toMatch(/eyJ|refresh/)
  const cookies = await alice.context.cookies()
  expect(cookies.map(({ httpOnly }) => httpOnly)).toEqual([true])
})

test('a wrong password is told, and the page asked for comes after the sign-in', async () => {
  const { page } = alice
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Sign out' }).first().click()
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
  await page.goto('/settings')
  await page.getByLabel('Username or e-mail').fill('alice')
  await page.getByLabel('Password').fill('not this one')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
})

test('the profile changes, and says so', async () => {
  const { page } = alice
  await page.getByLabel('Name', { exact: true }).fill('Alice Novak')
  await page.getByLabel('About you').fill('Maps and mountains')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('status').getByText('Saved').waitFor()
  await page.getByRole('main').getByText('Alice Novak').waitFor()
})

test('another device is signed out from here, and by a new password', async () => {
  const { page } = alice
  const phone = await stage.window('Alice')
  await signIn(phone)
  await page.reload()
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
  await phone.page.getByRole('heading', { name: 'Welcome back' }).waitFor()
  await signIn(phone)
  await page.getByLabel('Current password').last().fill(PASSWORD)
  await page.getByLabel('New password').fill(`${PASSWORD} two`)
  await page.getByRole('button', { name: 'Change password' }).click()
  await phone.page.getByRole('heading', { name: 'Welcome back' }).waitFor()
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
})

test('what is chosen for this device stays: colours and language', async () => {
  const { page } = alice
  await page.getByLabel('Theme').selectOption('dark')
  await page.getByLabel('Language').selectOption('de')
  await page.getByRole('heading', { name: 'Einstellungen' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Einstellungen' }).waitFor()
  expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
  expect(await page.locator('html').getAttribute('lang')).toBe('de')
  await page.getByLabel('Sprache').selectOption('en')
})

test('signing out in one tab signs out the others', async () => {
  const other = await watched(alice.context, alice.complaints)
  await other.goto('/')
  await other.getByRole('heading', { name: 'Chats' }).waitFor()
  await other.getByRole('link', { name: 'Settings' }).click()
  await other.getByRole('button', { name: 'Sign out' }).first().click()
  await alice.page.getByRole('heading', { name: 'Welcome back' }).waitFor()
  await other.close()
})

test('an account is deleted for good', async () => {
  const { page } = alice
  await page.getByLabel('Username or e-mail').fill('alice')
  await page.getByLabel('Password').fill(`${PASSWORD} two`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Delete account' }).click()
  await page.getByRole('dialog').getByLabel('Password').fill(`${PASSWORD} two`)
  await page.getByRole('button', { name: 'Delete for good' }).click()
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
  await page.getByLabel('Username or e-mail').fill('alice')
  await page.getByLabel('Password').fill(`${PASSWORD} two`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
})

test('a server that takes no new accounts does not offer them', async () => {
  const closed = await startServer({ settings: { REGISTRATION_OPEN: 'false' } })
  const stranger = await openWindow(stage.browser, closed, 'Stranger')
  await stranger.page.goto('/signup')
  await stranger.page.getByText('This server takes no new accounts.').waitFor()
  expect(await stranger.page.getByRole('button', { name: 'Sign up' }).isDisabled()).toBe(true)
  await stranger.page.goto('/signin')
  await expect.poll(() => stranger.page.getByRole('link', { name: 'Sign up' }).count()).toBe(0)
  await stranger.context.close()
  await closed.close()
})
