import { expect, test } from 'vitest'
import { messageOf, openChat, say, ticked } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

let alice: Person
let bob: Person

const stage = openStage(async () => {
  [alice, bob] = await stage.signUp('Alice', 'Bob')
})

const info = (person: Person) => person.page.getByRole('button', { name: 'About this chat' }).click()
const close = (person: Person) => person.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()

test('Alice makes a group, and it is with Bob at once', async () => {
  const { page } = alice
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'New group' }).click()
  await page.getByLabel('Name of the group').fill('Harbour walk')
  await page.getByLabel('Search people').fill('bob')
  await page.getByRole('dialog').getByRole('button', { name: /Bob/ }).click()
  await page.getByRole('button', { name: 'Make group of 2' }).click()
  await page.getByRole('heading', { level: 2, name: 'Harbour walk' }).waitFor()
  await openChat(bob, 'Harbour walk')
  await bob.page.getByRole('main').getByText('2 members').waitFor()
})

test('one goes on writing in the next new group at once', async () => {
  const { page } = alice
  for (const title of ['First of two', 'Second of two']) {
    await page.getByRole('button', { name: 'New chat' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'New group' }).click()
    await page.getByLabel('Name of the group').fill(title)
    await page.getByLabel('Search people').fill('bob')
    await page.getByRole('dialog').getByRole('button', { name: /Bob/ }).click()
    await page.getByRole('button', { name: 'Make group of 2' }).click()
    await page.getByRole('heading', { level: 2, name: title }).waitFor()
    await say(alice, `Welcome to ${title}`)
    await ticked(alice, `Welcome to ${title}`, 'DELIVERED')
  }
  await openChat(alice, 'Harbour walk')
})

test('a mention is suggested while one types, and marked with whom it means', async () => {
  const box = alice.page.getByLabel('Write a message')
  await box.pressSequentially('When, @b')
  await alice.page.getByRole('option', { name: /Bob/ }).waitFor()
  await box.press('Enter')
  await box.pressSequentially('?')
  await openChat(alice, 'Harbour walk')
  await bob.page.getByRole('link', { name: 'Settings' }).click()
  await box.press('Enter')
  await bob.page.getByRole('navigation').getByRole('link', { name: /Harbour walk/ }).getByLabel('You were mentioned').waitFor()
  await openChat(bob, 'Harbour walk')
  await messageOf(bob, 'When, @bob ?').waitFor()
})

test('name and description change for everybody', async () => {
  await info(alice)
  await alice.page.getByRole('button', { name: 'Edit name and description' }).click()
  await alice.page.getByLabel('Name of the group').fill('Harbour walkers')
  await alice.page.getByLabel('What it is about').fill('Every Sunday')
  await alice.page.getByRole('button', { name: 'Save' }).click()
  await bob.page.getByRole('heading', { level: 2, name: 'Harbour walkers' }).waitFor()
  await info(bob)
  await bob.page.getByRole('dialog').getByText('Every Sunday').waitFor()
  await close(bob)
})

test('an invite link lets somebody in who signs up for it', async () => {
  const { page } = alice
  await page.getByRole('button', { name: 'Make an invite link' }).click()
  const link = await page.getByLabel('Invite link').inputValue()
  const carol = await stage.window('Carol')
  await carol.page.goto(link)
  await carol.page.getByRole('link', { name: 'Sign up' }).click()
  await carol.page.getByLabel('Name', { exact: true }).fill('Carol')
  await carol.page.getByLabel('Username').fill('carol')
  await carol.page.getByLabel('E-mail').fill('carol@example.com')
  await carol.page.getByLabel('Password').fill('correct horse battery')
  await carol.page.getByRole('button', { name: 'Sign up' }).click()
  await carol.page.getByRole('button', { name: 'Join the group' }).click()
  await carol.page.getByRole('heading', { level: 2, name: 'Harbour walkers' }).waitFor()
  await page.getByRole('dialog').getByText('@carol').waitFor()
  await say(carol, 'Hello walkers')
  await messageOf(bob, 'Hello walkers').waitFor()
  await page.getByRole('button', { name: 'Make the link worthless' }).click()
  await page.getByRole('button', { name: 'Make an invite link' }).waitFor()
  expect(carol.complaints).toEqual([])
})

test('roles are given, and members removed', async () => {
  const { page } = alice
  await page.getByRole('button', { name: 'Options of Bob' }).click()
  await page.getByRole('menuitem', { name: 'Make admin' }).click()
  await page.getByRole('dialog').getByRole('listitem').filter({ hasText: '@bob' }).getByText('Admin').waitFor()
  await info(bob)
  await bob.page.getByRole('button', { name: 'Options of Carol' }).click()
  await bob.page.getByRole('menuitem', { name: 'Remove from the group' }).click()
  await expect.poll(() => page.getByText('@carol').count()).toBe(0)
  await close(bob)
  await close(alice)
})

test('Bob leaves, and the group is gone from his list', async () => {
  await info(bob)
  await bob.page.getByRole('button', { name: 'Leave the group' }).click()
  await bob.page.getByRole('dialog', { name: 'Leave the group' }).getByRole('button', { name: 'Leave the group' }).click()
  await expect.poll(() => bob.page.getByRole('navigation').getByRole('link', { name: /Harbour/ }).count()).toBe(0)
  await alice.page.getByRole('main').getByText('1 member').first().waitFor()
})
