import { createShelf } from './drafts.ts'
import type { Draft, KeptDraft, SendFault } from './drafts.ts'
import type { SendMessageInput, SendMessageMutation, SendMessageMutationVariables } from './generated/send-message.ts'
import { inTurn, randomId } from './host.ts'
import type { Pauses } from './pauses.ts'
import { RequestFailed } from './request.ts'
import type { Request } from './request.ts'
import { SEND_MESSAGE } from './send-message.ts'
import { onPageEvent } from './types.ts'
import type { Clock, Document, Store } from './types.ts'

export interface OutboxOptions {
  /** The id of who is signed in: nobody else sees or sends these. Stop the outbox when they sign out; what is left waits for them. */
  userId: string
  /** Called when something else is to be shown. */
  changed?(): void
  /**
   * Does the mutation another way, such as by a client with a cache, and answers its errors. When it throws, nobody knows whether the message
   * arrived, and it is tried again; a {@link RequestFailed} that cannot pass makes it FAILED.
   */
  deliver?(input: SendMessageInput): Promise<readonly SendFault[]>
}

/** What a message says, without its `clientId`: `chatId` or `recipientId`, and `text`, `attachmentIds`, `location` or `forwardOfId`. */
export type Said = Omit<SendMessageInput, 'clientId'>

export interface Outbox {
  /** Says it: the draft is stored before this answers, and sent after all that was said in the same chat before. Needs no connection. */
  send(said: Said): Draft
  /** Tries a FAILED one again, with the same `clientId`, behind what waits in its chat. */
  retry(clientId: string): void
  /** Gives one up. One that is SENDING may have arrived. */
  discard(clientId: string): void
  /** All that is not seen yet, in the order in which it was said. */
  all(): Draft[]
  /**
   * What to show below the newest messages of a chat (or of a user that a first message goes to). A message that is among `messages` by its
   * `clientId` has taken its draft's place. A SENT one whose message does not come leaves after a minute.
   */
  below(chatId: string, messages: readonly { clientId?: string | null }[]): Draft[]
  /** Sends no more. What is left is sent by another tab, or when the page is opened again. */
  stop(): void
}

interface Surroundings {
  request: Request
  pauses: Pauses
  store: Store
  clock: Clock
}

const SEND: Document<SendMessageMutation, SendMessageMutationVariables> = SEND_MESSAGE
/** A fault of the server that comes again so many times does not pass. */
const PATIENCE = 10
const SENT_MS = 60_000
/** As after so many tries in vain. */
const AFTER_FAULT = 3

/**
 * What somebody has said and the server does not have yet.
 *
 * States of a draft: SENDING → SENT (no errors) → gone (seen in its chat, or after a minute); SENDING → FAILED (errors) → SENDING (`retry`).
 * The storage is the truth that tabs share; in each chat one of them sends at a time, in order, whoever said it.
 */
export function createOutbox({ userId, changed = () => undefined, deliver }: OutboxOptions, { request, pauses, store, clock }: Surroundings): Outbox {
  const prefix = `parley-outbox:${userId}:`
  const shelf = createShelf(store, prefix)
  const drafts = new Map<string, KeptDraft>()
  const busy = new Set<string>()
  let stopped = false
  const ask = deliver ?? (async (input: SendMessageInput) => (await request(SEND, { input })).sendMessage.errors)

  const inOrder = () => [...drafts.values()].sort((a, b) => a.order - b.order)
  const nextOf = (line: string) => inOrder().find((draft) => draft.state === 'SENDING' && lineOf(draft) === line)
  /** Behind all others, however fast somebody types and whatever the clock does. */
  const nextOrder = () => Math.max(clock.now(), ...[...drafts.values()].map(({ order }) => order + 1))

  /** Takes over what other tabs have done. */
  function look(): void {
    for (const [clientId, draft] of drafts) if (draft.state !== 'SENT' && shelf.isGone(clientId)) forget(clientId)
    for (const kept of shelf.all()) {
      if (kept.state !== 'SENT' || drafts.has(kept.clientId)) note(kept)
      // Sent before this page was opened: its history has it.
      else shelf.remove(kept.clientId)
    }
  }

  function note(draft: KeptDraft): void {
    const before = drafts.get(draft.clientId)?.state
    drafts.set(draft.clientId, draft)
    if (before === draft.state) return
    if (draft.state === 'SENT') void pauses.exactly(SENT_MS).then(() => { if (!stopped) forget(draft.clientId) })
    if (!stopped) changed()
  }

  function keep(draft: KeptDraft): void {
    shelf.write(draft)
    note(draft)
  }

  function forget(clientId: string): void {
    shelf.remove(clientId)
    if (drafts.delete(clientId) && !stopped) changed()
  }

  /** Each chat is a line of its own; while one waits the others go on. */
  async function drain(line: string): Promise<void> {
    for (let tries = 0; ; ) {
      look()
      const draft = nextOf(line)
      if (stopped || draft === undefined) return
      tries = (await attempt(draft, tries)) ? 0 : tries + 1
    }
  }

  /** One try; false where nobody knows what became of it. */
  async function attempt(draft: KeptDraft, tries: number): Promise<boolean> {
    let errors: readonly SendFault[]
    try {
      errors = await ask(draft.input)
    } catch (error) {
      const refusal = refusalOf(error, tries)
      if (refusal === null) {
        await pauses.beforeTry(tries)
        return false
      }
      errors = [refusal]
    }
    const limited = errors.find((error) => error.__typename === 'RateLimited')
    if (limited !== undefined) await pauses.exactly((limited.retryAfterSeconds + Math.random() / 2) * 1000)
    // Given up meanwhile, here or in another tab, it stays so.
    else if (!shelf.isGone(draft.clientId)) keep({ ...draft, state: errors.length === 0 ? 'SENT' : 'FAILED', errors })
    return true
  }

  function begin(line: string): void {
    if (stopped || busy.has(line)) return
    busy.add(line)
    const done = () => {
      busy.delete(line)
      if (nextOf(line) !== undefined) begin(line)
    }
    // What the app itself throws, such as in `changed`, does not hold up what waits.
    void inTurn(prefix + line, () => drain(line)).then(done, () => pauses.beforeTry(AFTER_FAULT).then(done))
  }

  function beginAll(): void {
    look()
    for (const draft of inOrder()) if (draft.state === 'SENDING') begin(lineOf(draft))
  }

  const deaf = onPageEvent<{ key?: string | null }>('storage', ({ key }) => {
    if (stopped || (key != null && !key.startsWith(prefix))) return
    beginAll()
  })
  beginAll()

  return {
    send(said) {
      const clientId = randomId()
      const draft: KeptDraft = { clientId, input: { ...said, clientId }, saidAt: clock.now(), state: 'SENDING', errors: [], order: nextOrder() }
      keep(draft)
      begin(lineOf(draft))
      return draft
    },
    retry(clientId) {
      const draft = drafts.get(clientId)
      if (draft?.state !== 'FAILED') return
      keep({ ...draft, state: 'SENDING', errors: [], order: nextOrder() })
      begin(lineOf(draft))
    },
    discard: forget,
    all: inOrder,
    below(chatId, messages) {
      for (const { clientId } of messages) {
        if (clientId == null || !drafts.delete(clientId)) continue
        shelf.remove(clientId)
      }
      return inOrder().filter((draft) => lineOf(draft) === chatId)
    },
    stop() {
      stopped = true
      deaf()
    },
  }
}

function lineOf({ input }: Draft): string {
  return input.chatId ?? input.recipientId ?? ''
}

/** What a failed request says of the message itself; null where it may be another time. */
function refusalOf(error: unknown, tries: number): SendFault | null {
  if (!(error instanceof RequestFailed)) return null
  const isStuck = tries >= PATIENCE && error.errors.some(({ extensions }) => extensions?.code === 'INTERNAL_SERVER_ERROR')
  return error.mayPass && !isStuck ? null : { __typename: 'InvalidInput', code: 'INVALID_INPUT', message: error.message, path: null }
}
