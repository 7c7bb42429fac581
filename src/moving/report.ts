import type { Match } from './people.ts'
import type { History } from './history.ts'
import type { Target } from './target.ts'

const count = (number: number, one: string, many = `${one}s`) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`

/** What would be done with a history, in lines for the person at the terminal. */
export function describe(history: History, target: Target): string {
  const { messages } = history
  const [first, last] = [messages[0], messages.at(-1)]
  const files = messages.filter(({ file }) => file !== null).length
  const what = target.chatId !== null ? 'into a chat that is there' : target.title === null ? 'into a new direct chat' : 'into a new group'
  const span = first === undefined || last === undefined ? '' : ` from ${day(first.at)} to ${day(last.at)}`
  return [
    `${target.title ?? history.title ?? 'The direct chat'}, ${what}: ${count(messages.length, 'message')}${span}, ${count(files, 'file')}; ${target.there.size === 0 ? 'nothing of it is there yet' : `${target.there.size.toLocaleString('en')} of them are there already`}.`,
    ...target.matches.map((match) => `  ${match.person.name}  is  ${accountOf(match)}  (${count(match.person.messages, 'message')}${match.person.left ? '; had left the group, and is no member of a new one' : ''})`),
    ...history.leftOut.map((kind) => `  left out: ${kind.count.toLocaleString('en')} ${kind.what}; the first is ${kind.first}`),
  ].join('\n')
}

const day = (at: Date) => at.toISOString().slice(0, 10)

function accountOf(match: Match): string {
  return 'user' in match ? match.user.username : `${match.make}, a new account to which nobody can sign in yet`
}

/** What was done. */
export function tell({ messages, files, refused }: { messages: number; files: number; refused: readonly string[] }): string {
  return [`Brought in: ${count(messages, 'message')}, ${count(files, 'file')}.`, ...refused.map((line) => `  ${line}`)].join('\n')
}
