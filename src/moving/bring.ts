import { AppError } from '../base/errors.ts'
import { Loaders } from '../base/loaders.ts'
import { StartError } from '../base/start-error.ts'
import { MAX_TEXT_LENGTH } from '../base/text.ts'
import { openPastChat, readMeanwhile } from '../chat/history.ts'
import { letOut } from '../chat/membership.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { lockStreams } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { storeHistory } from '../message/history.ts'
import { takeFile } from '../upload/take.ts'
import type { Attachment } from '../upload/domain.ts'
import type { User } from '../user/domain.ts'
import type { History, PastMessage } from './history.ts'
import { makeAccounts } from './people.ts'
import type { Naming } from './people.ts'
import type { Progress } from './progress.ts'
import { checkMembers, clientIdFor, findTarget } from './target.ts'
import type { Target, Where } from './target.ts'

/** What became of a history. */
export interface Brought {
  chatId: number
  messages: number
  files: number
  /** Files that are not taken, each by where it stands. */
  refused: string[]
}

/** A history whose messages all fit: a longer text is said in several. */
export function fitting(history: History): History {
  return { ...history, messages: history.messages.flatMap(inParts) }
}

function inParts(message: PastMessage): PastMessage[] {
  const { text } = message
  if (text === null || text.length <= MAX_TEXT_LENGTH) return [message]
  const letters = [...text]
  const parts: string[] = []
  for (let from = 0; from < letters.length; from += MAX_TEXT_LENGTH) parts.push(letters.slice(from, from + MAX_TEXT_LENGTH).join(''))
  // A part of blanks alone would say nothing.
  return parts.filter((part) => part.trim() !== '').map((part, index) => ({ ...message, text: part, file: index === 0 ? message.file : null, key: `${message.key}/${index}` }))
}

/**
 * Brings what is not there yet of a history into its chat, in one transaction: all of it or nothing, also where the process is killed. Accounts and files come
 * before it; what of them is left by a run that was broken off does no harm: the accounts are found by the next one, and the files go after a day.
 */
export async function bringIn(ctx: Ctx, history: History, target: Target, options: { where: Where; naming: Naming; progress: Progress }): Promise<Brought> {
  const users = await makeAccounts(ctx, target.matches)
  const { files, refused } = await takeFiles(ctx, target.fresh, users, options.progress)
  const userOf = (person: string): User => {
    const user = users.get(person)
    if (user === undefined) throw new Error(`nobody is ${person}`)
    return user
  }
  try {
    const chatId = await withTransaction(ctx, async (tx) => {
      const isNew = target.chatId === null
      const stream = isNew ? await openPastChat(tx, { ...target, memberIds: ownerFirst(target, users), createdAt: target.fresh[0]?.at ?? new Date(), messageCount: target.fresh.length }) : (await lockStreams(tx, [target.chatId ?? 0])).get(target.chatId ?? 0)
      if (stream === undefined || stream.closed) throw new StartError('Nothing can be written into this chat: one of the two has blocked the other, or is gone.')
      // Again, under the lock: another run may have been quicker, or people have written.
      const { fresh } = isNew ? target : await findTarget({ ...tx, loaders: new Loaders() }, history, options.where, options.naming)
      if (!isNew) await checkMembers(tx, stream.id, new Map(fresh.map(({ person }) => [person, userOf(person)])))
      const list = fresh.map((message) => ({ ...message, senderId: userOf(message.person).id, clientId: clientIdFor(stream.id, message), ...fileOf(message, files) }))
      const onStored = (count: number) => { options.progress.show('messages', count, list.length) }
      const store = () => storeHistory(tx, stream, list, { silent: isNew, onStored })
      await (isNew ? store() : readMeanwhile(tx, stream, store))
      if (isNew && target.title !== null) await letOutThose(tx, stream, target, users)
      return stream.id
    })
    return { chatId, messages: target.fresh.length, files: files.size, refused }
  } catch (error) {
    throw error instanceof AppError ? new StartError(error.message) : error
  } finally {
    options.progress.end()
  }
}

/** Who had left a group there is no member of it here, and reads nothing of it, though what they said stays theirs. */
async function letOutThose(tx: Ctx, stream: StreamHead, target: Target, users: ReadonlyMap<string, User>): Promise<void> {
  const [owner = 0] = ownerFirst(target, users)
  for (const { person } of target.matches) {
    const id = users.get(person.name)?.id ?? 0
    if (person.left && id !== owner) await letOut({ ...tx, viewer: { userId: owner, sessionId: null, roles: [], expiresAt: null } }, stream, id)
  }
}

/** What a message has of its file; where that was not taken, its name stands in its place. */
function fileOf({ file, text }: PastMessage, files: ReadonlyMap<PastMessage['file'], Attachment>): { file: Attachment | null; text: string | null } {
  const taken = files.get(file)
  if (file === null || taken !== undefined) return { file: taken ?? null, text }
  return { file: null, text: text === null ? file.name : `${file.name}\n${text}`.slice(0, MAX_TEXT_LENGTH) }
}

/** Somebody who can sign in owns a group, the first of those who have not left it. */
function ownerFirst({ matches }: Target, users: ReadonlyMap<string, User>): number[] {
  const inside = matches.filter(({ person }) => !person.left)
  const there = inside.filter((match) => 'user' in match && (match.user.email !== null || match.user.externalId !== null))
  return [...new Set([...there, ...inside, ...matches].map(({ person }) => users.get(person.name)?.id ?? 0))]
}

async function takeFiles(ctx: Ctx, messages: readonly PastMessage[], users: ReadonlyMap<string, User>, progress: Progress): Promise<{ files: Map<PastMessage['file'], Attachment>; refused: string[] }> {
  const files = new Map<PastMessage['file'], Attachment>()
  const refused: string[] = []
  const wanted = messages.filter(({ file }) => file !== null)
  for (const [index, { file, person, where }] of wanted.entries()) {
    progress.show('files', index, wanted.length)
    if (file === null) continue
    const { maxBytes } = ctx.settings.uploads
    const reason = file.size === 0 ? 'it is empty' : file.size > maxBytes ? `it is larger than ${maxBytes} bytes (MAX_UPLOAD_BYTES)` : null
    const viewer = { userId: users.get(person)?.id ?? 0, sessionId: null, roles: [], expiresAt: null }
    const taken = reason === null ? await takeFile({ ...ctx, viewer }, { fileName: file.name, bytes: await file.open() }) : null
    if (taken === null) refused.push(`${where}: ${file.name} is not taken: ${reason ?? 'a picture that cannot be read, or cannot be cleaned'}`)
    else files.set(file, taken)
  }
  progress.end()
  return { files, refused }
}
