import { groupSizes, historyLengths } from '../lib/fixture.ts'
import type { Bar } from '../lib/chart.ts'
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
    const groups = groupSizes({ ...options, jobs: ['growth'] }).map((size) => overSockets(stage, sockets, [{ first: fixture.groups[size] ?? 0, count: 1 }], `growth: send to ${size.toLocaleString('en')} members`))
    await curve('growth of a chat', groups, 0)
    const { chats, moreChats } = fixture
    const few = [chats]
    const many = moreChats === null ? few : [chats, moreChats]
    const all = [few, many].map((ranges) => overSockets(stage, sockets, ranges, `growth: send over ${ranges.reduce((sum, { count }) => sum + count, 0).toLocaleString('en')} chats`))
    await curve('growth of the number of chats', all, 0)
  } finally {
    for (const { socket } of sockets) socket.end()
  }
  const bars = rows.map((row): Bar => ({ label: row.name.replace('growth: ', ''), role: row.role, value: spreadOf([costOf(row)]) }))
  return { unit: 'operations', rows, picture: { unit: 'microseconds of server and PostgreSQL for one', bars }, figures: taken, notes: ['Cost is the processor time of server and PostgreSQL together for one operation.'] }
}

/** Processor time for one, of server and PostgreSQL: by the medians, since a cost is steadier than a speed. */
const costOf = ({ server, postgres }: Row) => (server?.median ?? NaN) + postgres.median

const costAgainst = (row: Row, base: Row): Spread => spreadOf([costOf(row) / costOf(base)])
