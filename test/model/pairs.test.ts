import { test } from 'vitest'
import { operations } from './operations.ts'
import { TIMEOUT_MS, runWorlds, serve } from './runs.ts'

serve()

// Four people, a group of all, and pairs that write to each other, block each other, and delete what they wrote from their lists.
const WORLD = {
  people: 4,
  groups: [[0, 1, 2, 3]],
  pairs: [
    [0, 1],
    [1, 2],
    [2, 3],
    [0, 3],
  ] as [number, number][],
}

const WEIGHTS = {
  send: 30, edit: 6, delete: 6, read: 12, delivered: 8, react: 3, unreact: 2, pin: 3, unpin: 2, leave: 1, join: 2, add: 2, remove: 1,
  archive: 1, unarchive: 1, hide: 9, show: 3, block: 6, unblock: 6, rename: 1, resume: 4, compare: 1,
}

test(
  'between two people who block each other and delete their chat the counts, ticks and replicas are what the deeds make them',
  () => runWorlds('Pairs', WORLD, operations({ people: 4, groups: 1, chats: 5 }, WEIGHTS)),
  TIMEOUT_MS,
)
