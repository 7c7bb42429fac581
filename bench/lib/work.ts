import { SENDERS } from './fixture.ts'

// What is the same for ours and for others.

/** Sends under way at once. */
export const IN_FLIGHT = 64
/** Sends a second where nothing is busy: each of 16 lines then has 320 ms for one. */
export const PER_SECOND = 50
/** Pages under way at once. */
export const PAGES_IN_FLIGHT = 16

/** Chats whose ids follow each other. */
export interface Range {
  first: number
  count: number
}

/** For each sender the chats that they write into, by the database's ids. */
export function numbersBySender({ first, count }: Range): number[][] {
  const ids = Array.from({ length: count }, (_, n) => first + n)
  return Array.from({ length: SENDERS }, (_, sender) => (count < SENDERS ? ids : ids.filter((_id, n) => n % SENDERS === sender)))
}

const NUMBER = Buffer.from('"number":')
const EMOJI = Buffer.from('"emoji":')
const REPLY = Buffer.from('"replyTo":{')
const ERRORS = Buffer.from('"errors":')

/** 50 messages, of which ten answer others, and ten have reactions of two kinds. */
export function isPage(answer: Buffer): boolean {
  return !answer.includes(ERRORS) && count(answer, NUMBER) === 50 && count(answer, EMOJI) === 20 && count(answer, REPLY) === 10
}

function count(data: Buffer, what: Buffer): number {
  let found = 0
  for (let at = data.indexOf(what); at >= 0; at = data.indexOf(what, at + what.length)) found += 1
  return found
}
