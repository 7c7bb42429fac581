import { test } from 'vitest'
import { operations } from './operations.ts'
import { TIMEOUT_MS, runWorlds, serve } from './runs.ts'

serve()

// Four people, two groups that they come into and leave again, and two of them who write to each other as well.
const WORLD = {
  people: 4,
  groups: [
    [0, 1, 2],
    [3, 0],
  ],
  pairs: [[0, 1]] as [number, number][],
}

const WEIGHTS = {
  send: 30, edit: 6, delete: 6, read: 12, delivered: 8, react: 3, unreact: 2, pin: 3, unpin: 2, leave: 4, join: 6, add: 6, remove: 4, owner: 1, admin: 2, member: 1,
  archive: 1, unarchive: 1, hide: 1, show: 1, title: 1, rename: 1, resume: 3, compare: 1,
}

test(
  'in groups whose members come and go everybody’s counts, ticks and replicas are what the deeds make them',
  () => runWorlds('Groups', WORLD, operations({ people: 4, groups: 2, chats: 3 }, WEIGHTS)),
  TIMEOUT_MS,
)
