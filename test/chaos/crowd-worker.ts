import { randomUUID } from 'node:crypto'
import { Listener, inTurns, sendOnce } from './crowd.ts'
import type { Person } from './crowd.ts'
import { now } from './journal.ts'
import { pause } from './processes.ts'

// The process in which a crowd lives. Each knows the servers, and goes to another one where one does not take it.

export type CrowdOrder =
  | { do: 'come'; people: Person[]; ports: number[] }
  /** Somebody says something so often a second, from now on. */
  | { do: 'talk'; perSecond: number }
  /** Answers who has come back since the last time, once everybody is there. */
  | { do: 'back'; ms: number }
  /** No more talk; answers once everybody has all that was said, or the time is up. */
  | { do: 'end'; ms: number }

export interface CrowdReport {
  done: CrowdOrder['do']
  /** How long each took that came back, from the loss of its connection, in ms. */
  back: number[]
  /** Acknowledged messages, and what was heard of them. */
  acked: number
  heard: number
  /** Of what was acknowledged and not heard by a member, and what came twice. */
  missing: number
  twice: number
  resets: number
  /** From the send to each member, in order. */
  delays: number[]
}

const listeners: { listener: Listener; heard: Set<number>; there: boolean }[] = []
const acked = new Map<number, number[]>()
const delays: number[] = []
let back: number[] = []
let ports: number[] = []
let twice = 0
let heard = 0
let waiting = 0
let talk: NodeJS.Timeout | null = null
let over = false

/** Until a server takes it: as clients do, half a second at first, and not all at the same moment. */
async function comeIn(one: (typeof listeners)[number]): Promise<void> {
  for (let first = Math.floor(Math.random() * ports.length); !over; first++) {
    if (await one.listener.connect(ports[first % ports.length] ?? 0).then(() => true, () => false)) break
    one.listener.socket?.terminate()
    await pause(250 + Math.random() * 250)
  }
  one.there = true
}

function add(person: Person): (typeof listeners)[number] {
  const one = { listener: new Listener(person), heard: new Set<number>(), there: false }
  one.listener.onMessage = ({ number, text }) => {
    if (one.heard.has(number)) twice += 1
    one.heard.add(number)
    heard += 1
    delays.push(now() - Number(text))
  }
  one.listener.onClose = () => {
    if (over) return
    const lost = now()
    one.there = false
    void pause(250 + Math.random() * 250)
      .then(() => comeIn(one))
      .then(() => back.push(now() - lost))
  }
  listeners.push(one)
  return one
}

/** With the same clientId until it is acknowledged. */
async function say(person: Person): Promise<void> {
  waiting += 1
  const [id, text] = [randomUUID(), String(now())]
  for (let n = Math.floor(Math.random() * ports.length); !over; n++) {
    const number = await sendOnce(ports[n % ports.length] ?? 0, person, id, text).catch(() => null)
    if (number !== null) {
      acked.set(person.chat, [...(acked.get(person.chat) ?? []), number])
      break
    }
    await pause(200)
  }
  waiting -= 1
}

const missing = () => listeners.reduce((sum, { listener, heard: own }) => sum + (acked.get(listener.person.chat) ?? []).filter((number) => !own.has(number)).length, 0)

async function until(test: () => boolean, ms: number): Promise<void> {
  for (const deadline = now() + ms; !test() && now() < deadline; ) await pause(100)
}

async function obey(order: CrowdOrder): Promise<void> {
  if (order.do === 'come') {
    ports = order.ports
    await inTurns(order.people.map(add), 50, comeIn)
  } else if (order.do === 'talk') {
    let owed = 0
    talk = setInterval(() => {
      for (owed += order.perSecond / 50; owed >= 1; owed -= 1) {
        const { listener } = listeners[Math.floor(Math.random() * listeners.length)] ?? {}
        if (listener !== undefined && waiting < 200) void say(listener.person)
      }
    }, 20)
  } else if (order.do === 'back') {
    await until(() => listeners.every(({ there }) => there), order.ms)
  } else {
    if (talk !== null) clearInterval(talk)
    await until(() => waiting === 0 && missing() === 0, order.ms)
  }
}

process.on('message', (order: CrowdOrder) => {
  void obey(order).then(() => {
    const ended = order.do === 'end'
    const report: CrowdReport = {
      done: order.do,
      back: order.do === 'back' ? back.sort((a, b) => a - b) : [],
      acked: [...acked.values()].reduce((sum, list) => sum + list.length, 0),
      heard, twice,
      missing: ended ? missing() : 0,
      resets: listeners.reduce((sum, { listener }) => sum + listener.resets, 0),
      delays: ended ? delays.sort((a, b) => a - b) : [],
    }
    if (order.do === 'back') back = []
    process.send?.(report)
    if (!ended) return
    over = true
    for (const { listener } of listeners) listener.socket?.terminate()
  })
})
process.on('disconnect', () => process.exit(0))
