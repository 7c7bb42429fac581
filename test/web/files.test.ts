import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { photo, plain, silence } from '../support/pictures.ts'
import { beginChat, choose, messageOf, openChat, say, ticked } from './browser.ts'
import type { Person } from './browser.ts'
import { openStage } from './stage.ts'

let alice: Person
let bob: Person

const stage = openStage(async () => {
  [alice, bob] = await stage.signUp('Alice', 'Bob')
  await beginChat(alice, 'Bob')
  await say(alice, 'Pictures are coming')
  await openChat(bob, 'Alice')
})

interface Given {
  name: string
  mimeType: string
  buffer: Buffer
}

const png = async (name: string, width = 640, height = 480): Promise<Given> => ({ name, mimeType: 'image/png', buffer: await plain('png', width, height) })

/** Chooses files as by the dialog of the system. */
const attach = ({ page }: Person, files: Given[]) => page.getByLabel('Attach files').last().setInputFiles(files)

/** Hands files to the page as the clipboard, or a drag, would. */
async function hand({ page }: Person, target: Locator, event: 'paste' | 'drop', { name, mimeType, buffer }: Given): Promise<void> {
  const data = await page.evaluateHandle(
    ({ name, mimeType, text }) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name, { type: mimeType }))
      return transfer
    },
    { name, mimeType, text: buffer.toString('base64') },
  )
  if (event === 'drop') {
    await target.dispatchEvent('dragenter', { dataTransfer: data })
    await page.getByText('Drop files to send them here').waitFor()
    await target.dispatchEvent('drop', { dataTransfer: data })
  } else {
    await target.evaluate((element, clipboardData) => element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: clipboardData as never, bubbles: true, cancelable: true })), data)
  }
}

/** Waits until a picture is really drawn. */
async function drawn(picture: Locator): Promise<void> {
  await expect.poll(() => picture.evaluate((image) => (image as { naturalWidth?: number }).naturalWidth ?? 0), { timeout: 15_000 }).toBeGreaterThan(0)
}

test('pictures with a caption: they are small in the chat, large when one presses them, and the arrows go on', async () => {
  await attach(alice, [{ name: 'lake.jpg', mimeType: 'image/jpeg', buffer: await photo() }, await png('hill.png')])
  await alice.page.getByRole('list', { name: 'Files to send' }).getByRole('listitem').nth(1).waitFor()
  await say(alice, 'The lake and the hill')
  const message = messageOf(bob, 'The lake and the hill')
  await drawn(message.getByRole('button', { name: 'Show lake.jpg' }).locator('img'))
  await message.getByRole('button', { name: 'Show lake.jpg' }).click()
  const viewer = bob.page.getByRole('dialog')
  await drawn(viewer.getByRole('img', { name: 'lake.jpg' }))
  expect(await viewer.getByRole('button', { name: 'Previous picture' }).isDisabled()).toBe(true)
  await bob.page.keyboard.press('ArrowRight')
  await drawn(viewer.getByRole('img', { name: 'hill.png' }))
  await bob.page.keyboard.press('Escape')
  await expect.poll(() => viewer.count()).toBe(0)
  await ticked(alice, 'The lake and the hill', 'READ')
  await expect.poll(() => messageOf(alice, 'The lake and the hill').count()).toBe(1)
})

test('a picture is pasted, another one dropped; without words it is told as a photo', async () => {
  await hand(alice, alice.page.getByLabel('Write a message'), 'paste', await png('pasted.png'))
  await hand(alice, alice.page.getByRole('log'), 'drop', await png('dropped.png'))
  await alice.page.getByRole('button', { name: 'Remove pasted.png' }).click()
  await alice.page.getByRole('button', { name: 'Send', exact: true }).click()
  await drawn(bob.page.getByRole('log').getByRole('button', { name: 'Show dropped.png' }).locator('img'))
  await bob.page.getByRole('navigation').getByText('📷 Photo').waitFor()
  expect(await bob.page.getByRole('button', { name: 'Show pasted.png' }).count()).toBe(0)
})

test('one sees how far a file is, and may stop it', async () => {
  const { page } = alice
  await page.route('**/uploads/**', () => undefined)
  await attach(alice, [await png('slow.png')])
  await page.getByRole('progressbar', { name: 'Sending slow.png' }).waitFor()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  const waiting = page.getByRole('log').getByRole('progressbar', { name: 'Sending slow.png' })
  await waiting.waitFor()
  await page.getByRole('log').getByRole('button', { name: 'Cancel' }).click()
  await expect.poll(() => waiting.count()).toBe(0)
  await page.unroute('**/uploads/**')
})

test('an upload whose line breaks goes on where it was', async () => {
  const { page } = alice
  const big: Given = { name: 'big.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(3_500_000, 'abc') }
  const ranges: string[] = []
  let breaks = 2
  await page.route('**/uploads/**', (route) => {
    ranges.push(route.request().headers()['content-range'] ?? '')
    return ranges.length > 1 && breaks-- > 0 ? route.abort() : route.continue()
  })
  await attach(alice, [big])
  await say(alice, 'something big')
  const link = messageOf(bob, 'something big').getByRole('link', { name: 'Save big.bin' })
  await link.waitFor({ timeout: 30_000 })
  expect(ranges.filter((range) => range.startsWith('bytes 0-'))).toHaveLength(1)
  expect(ranges).toContain('bytes */3500000')
  const [download] = await Promise.all([bob.page.waitForEvent('download'), link.click()])
  expect(download.suggestedFilename()).toBe('big.bin')
  await page.unroute('**/uploads/**')
})

test('a file that is too large, or is not what it says, is refused in plain words', async () => {
  const { page } = alice
  await attach(alice, [{ name: 'broken.png', mimeType: 'image/png', buffer: (await plain('png', 64, 48)).subarray(0, 60) }])
  await page.getByRole('list', { name: 'Files to send' }).getByRole('alert').waitFor()
  await page.getByRole('button', { name: 'Remove broken.png' }).click()
})

test('a voice note plays, and its speed can be changed', async () => {
  await attach(alice, [{ name: 'note.wav', mimeType: 'audio/wav', buffer: silence(20) }])
  await say(alice, 'listen to this')
  const player = messageOf(bob, 'listen to this').getByRole('group', { name: 'Sound note.wav' })
  await player.getByText('0:20').waitFor()
  await player.getByRole('button', { name: 'Play' }).click()
  await player.getByRole('button', { name: 'Pause' }).waitFor()
  await expect.poll(() => player.getByRole('slider').inputValue().then(Number)).toBeGreaterThan(0)
  await player.getByRole('button', { name: 'Speed: 1 times' }).click()
  expect(await player.locator('audio').evaluate((audio) => (audio as { playbackRate?: number }).playbackRate)).toBe(1.5)
  await player.getByRole('button', { name: 'Pause' }).click()
})

/** Films two seconds of a coloured square. */
async function film(page: Page): Promise<Given> {
  const text = await page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    const context = canvas.getContext('2d') as CanvasRenderingContext2D
    const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: 'video/webm;codecs=vp8' })
    const parts: Blob[] = []
    recorder.ondataavailable = ({ data }) => parts.push(data)
    const ended = new Promise((resolve) => (recorder.onstop = resolve))
    recorder.start()
    for (let frame = 0; frame < 8; frame++) {
      context.fillStyle = `hsl(${frame * 40} 60% 50%)`
      context.fillRect(0, 0, 300, 150)
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    recorder.stop()
    await ended
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer())
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  })
  return { name: 'film.webm', mimeType: 'video/webm', buffer: Buffer.from(text, 'base64') }
}

test('a video plays where it stands', async () => {
  await attach(alice, [await film(alice.page)])
  await say(alice, 'a short film')
  const video = messageOf(bob, 'a short film').getByLabel('Video film.webm')
  await video.waitFor()
  await expect.poll(() => video.evaluate((element) => (element as unknown as { readyState: number }).readyState), { timeout: 15_000 }).toBeGreaterThan(0)
  await video.evaluate((element) => (element as unknown as { play(): Promise<void> }).play())
  await expect.poll(() => video.evaluate((element) => (element as unknown as { currentTime: number }).currentTime)).toBeGreaterThan(0)
})

test('a message with a picture is forwarded, answered and deleted like any other', async () => {
  await choose(bob, 'The lake and the hill', 'Reply')
  await say(bob, 'Where is that?')
  await messageOf(alice, 'Where is that?').getByRole('button', { name: /Alice\s*The lake/ }).waitFor()
  await choose(alice, 'The lake and the hill', 'Delete')
  await alice.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => bob.page.getByRole('log').getByRole('button', { name: 'Show lake.jpg' }).count()).toBe(0)
})

test('faces: of a person, with everybody at once, and of a group', async () => {
  const { page } = alice
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('Change picture').last().setInputFiles([await png('me.png')])
  await drawn(page.getByRole('link', { name: 'Settings' }).locator('img'))
  await drawn(bob.page.getByRole('navigation').getByRole('link', { name: /Alice/ }).locator('img'))
  await page.getByRole('button', { name: 'Remove picture' }).click()
  await expect.poll(() => bob.page.getByRole('navigation').getByRole('link', { name: /Alice/ }).locator('img').count()).toBe(0)
  await page.getByRole('button', { name: 'New chat' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'New group' }).click()
  await page.getByLabel('Name of the group').fill('Painters')
  await page.getByLabel('Search people').fill('bob')
  await page.getByRole('dialog').getByRole('button', { name: /Bob/ }).click()
  await page.getByRole('button', { name: 'Make group of 2' }).click()
  await page.getByRole('heading', { level: 2, name: 'Painters' }).waitFor()
  await page.getByRole('button', { name: 'About this chat' }).click()
  await page.getByRole('dialog').getByLabel('Change picture').last().setInputFiles([await png('group.png')])
  await drawn(bob.page.getByRole('navigation').getByRole('link', { name: /Painters/ }).locator('img'))
})
