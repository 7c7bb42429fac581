import { describe, expect, test, vi } from 'vitest'
import type { Untyped } from '../../client.ts'
import { loadApp } from './apps.ts'
import { shows, signIn } from './world.ts'
import type { World } from './world.ts'

const MB = 1024 * 1024

/** Files, as an app sends and shows them. */
export function describeFiles(world: World): void {
  describe.each(['apollo', 'urql'] as const)('the recipe for %s', (client) => {
    test('uploads a file, tells how far it is, goes on where the line broke, and shows it', async () => {
      const { bob, login } = await world.newcomer()
      const chatId = await world.alice.directChat(bob)
      await world.alice.send(chatId, 'Hello')
      const { session, storage } = await signIn(world, login)
      const app = await (await loadApp(world.recipes, client))(`${world.line.url}/graphql`, session, storage)
      world.open.add(app.stop)
      const screen = await app.open(chatId)
      const bytes = crypto.getRandomValues(new Uint8Array(65_536))
      const file = new File(Array.from({ length: 40 }, () => bytes), 'seeds.bin', { type: 'image/png' })

      // The second part never arrives, and of the third nobody hears the answer.
      const real = globalThis.fetch
      let puts = 0
      vi.stubGlobal('fetch', async (input: string, init: RequestInit) => {
        if (init.method !== 'PUT') return real(input, init)
        puts += 1
        if (puts === 2) throw new TypeError('the line broke')
        const answer = await real(input, init)
        if (puts === 4) throw new TypeError('the line broke again')
        return answer
      })
      const seen: number[] = []
      const attachmentId = await app.recipe.uploadFile(file, (part: number) => seen.push(part))
      expect(seen).toEqual([MB, MB, 2 * MB, file.size].map((size) => size / file.size))
      vi.unstubAllGlobals()

      app.recipe.outbox.send(chatId, '', [attachmentId])
      await shows(() => screen.messages().at(-1)?.attachments.map(({ fileName, kind, byteSize }: Untyped) => [fileName, kind, byteSize]), [['seeds.bin', 'FILE', file.size]])
      const [link] = await app.recipe.links(screen.messages().at(-1)?.id)
      expect((await (await real(link.url)).arrayBuffer()).byteLength).toBe(file.size)

      await expect(app.recipe.uploadFile(new File([], 'empty'))).rejects.toThrow('byteSize must be from 1 to')
      await expect(app.recipe.uploadFile(file, undefined, AbortSignal.abort())).rejects.toThrow('abort')
      // What cannot be taken is not tried again.
      const heic = new File([new Uint8Array([0, 0, 0, 16]), 'ftypheic\0\0\0\0'], 'photo.heic')
      await expect(app.recipe.uploadFile(heic)).rejects.toThrow('send it as JPEG')
    })
  })
}
