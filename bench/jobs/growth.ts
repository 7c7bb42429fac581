import { groupSizes, historyLengths } from '../lib/fixture.ts'
import { figures } from '../lib/job.ts'
import type { Figure, Job } from '../lib/job.ts'
import { measure, spreadOf } from '../lib/rounds.ts'
import type { Contender, Row, Spread } from '../lib/rounds.ts'
import { readsOf } from './history.ts'
import { openSockets, overSockets } from './send.ts'

/** What sending and reading cost where there is more of everything: processor time of server and database for each. */
export const growth: Job = async (stage) => {
  const { options, fixture } = stage
  const rows: Row[] = []
  const taken: Figure[] = []
  const curve = async (what: string, contenders: readonly Contender[], base: number) => {
    const measured = await measure(stage, what, contenders)
    rows.push(...measured)
    const start = measured[base]
    for (const row of measured.slice(base + 1)) if (start !== undefined) taken.push(...figures([[`${row.name}, against ${start.name.replace('growth: ', '')}`, costAgainst(row, start)]]))
  }
  await curve('growth of history', historyLengths(['growth'], options.messages, options.quick).map((length) => readsOf(stage, length, `growth: page in ${length.toLocaleString('en')} messages`)), 0)
  const sockets = await openSockets(stage)
  try {
    const groups = groupSizes(['growth'], options.quick).map((size) => overSockets(stage, sockets, { first: fixture.groups[size] ?? 0, count: 1 }, `growth: send to ${size.toLocaleString('en')} members`))
    await curve('growth of a chat', groups, 0)
    const { chats, moreChats } = fixture
    const all = [chats, ...(moreChats === null ? [] : [moreChats])].map((range) => overSockets(stage, sockets, range, `growth: send over ${range.count.toLocaleString('en')} chats`))
    await curve('growth of the number of chats', all, 0)
  } finally {
    for (const { socket } of sockets) socket.end()
  }
  return { unit: 'operations', rows, figures: taken, notes: ['Cost is the processor time of server and PostgreSQL together for one operation.'] }
}

/** How much more one costs than the other: by the medians, since a cost is steadier than a speed. */
function costAgainst(row: Row, base: Row): Spread {
  const cost = ({ server, postgres }: Row) => (server?.median ?? NaN) + postgres.median
  return spreadOf([cost(row) / cost(base)])
}
