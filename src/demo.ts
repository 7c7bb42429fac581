import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { App } from './app.ts'
import { register } from './auth/domain.ts'
import { updateProfile } from './auth/profile.ts'
import { Loaders } from './base/loaders.ts'
import { NO_LIMITS } from './base/ratelimit.ts'
import { StartError } from './base/start-error.ts'
import { createDirectChat, createGroupChat } from './chat/domain.ts'
import type { Config } from './config.ts'
import { withTransaction } from './ctx.ts'
import type { Ctx } from './ctx.ts'
import { DEMO_CHATS, DEMO_PEOPLE } from './demo-data.ts'
import type { DemoChat, DemoPerson } from './demo-data.ts'
import { deleteMessage, editMessage } from './message/edit.ts'
import { markRead } from './message/receipts.ts'
import { sendMessage } from './message/send.ts'
import { startServer } from './serve.ts'
import { viewerOf } from './viewer.ts'

let refusal = ''

await startServer({
  check(config) {
    refuseWhereOthersReach(config)
    refusal = refusalBesideRealData(config)
  },
  async prepare(app) {
    await seedOnce(app)
    return DEMO_PEOPLE.map(({ username, password }, index) => (index === 0 ? `  Log in    ${username} / ${password}   (an admin)` : `            ${username} / ${password}`))
  },
})

/** @throws {StartError} where more than this machine could reach a server whose log-ins everybody knows. */
function refuseWhereOthersReach({ server }: Config): void {
  if (server.loopback) return
  throw new StartError(`The demo serves this machine only, because everybody knows its passwords: leave HOST out (it is ${server.host} now).`)
}

function refusalBesideRealData({ database, dataDir }: Config): string {
  if (database.kind === 'embedded') return `The data folder ${dataDir} holds accounts that are not the demo's, and the demo leaves them alone: set DATA_DIR to another folder for it.`
  const { host, pathname } = new URL(database.url)
  return `The database ${host}${pathname} holds accounts that are not the demo's, and the demo leaves them alone: set DATABASE_URL to an empty database for it, or leave it out.`
}

/**
 * Fills an empty database, and leaves one alone that the demo has filled before. All or nothing: a start that is broken off leaves it empty.
 * @throws {StartError} where there are accounts that the demo has not made.
 */
async function seedOnce({ services }: App): Promise<void> {
  const ctx: Ctx = {
    ...services,
    viewer: null,
    client: { address: 'local', userAgent: 'Demo', trusted: false },
    // Whatever the settings allow to others.
    settings: { ...services.settings, registrationOpen: true, firstIsAdmin: true },
    limits: NO_LIMITS,
    loaders: new Loaders(),
  }
  await withTransaction(ctx, async (tx) => {
    // The server is up already: the lock that decides who registers first makes strangers wait.
    const [state] = await tx.db.execute<{ demo: boolean; used: boolean }>(sql`select demo, exists (select from users) as used from meta for update`)
    if (state?.demo === true) return
    if (state?.used === true) throw new StartError(refusal)
    await seed(tx)
    await tx.db.execute(sql`update meta set demo = true`)
  })
}

async function seed(tx: Ctx): Promise<void> {
  const people = new Map<string, Ctx>()
  for (const person of DEMO_PEOPLE) people.set(person.username, await signUp(tx, person))
  for (const chat of DEMO_CHATS) await seedChat(people, chat)
}

/** Answers a context in which this person asks. */
async function signUp(tx: Ctx, { username, displayName, bio, password }: DemoPerson): Promise<Ctx> {
  const { viewer } = await register(tx, { username, displayName, email: `${username}@example.com`, password })
  const ctx = { ...tx, viewer, loaders: new Loaders() }
  await updateProfile(ctx, { bio })
  return ctx
}

async function seedChat(people: ReadonlyMap<string, Ctx>, { people: names, group, lines, unread }: DemoChat): Promise<void> {
  const ctxOf = (name: string) => {
    const ctx = people.get(name)
    if (ctx === undefined) throw new Error(`nobody in the demo is called ${name}`)
    return ctx
  }
  const [opener, ...others] = names.map(ctxOf)
  const memberIds = others.map((ctx) => viewerOf(ctx).userId)
  if (opener === undefined || memberIds[0] === undefined) throw new Error('a chat needs two people')
  const chatId = group === null ? (await createDirectChat(opener, memberIds[0])).chat.chat.id : (await createGroupChat(opener, { ...group, memberIds })).chat.id
  for (const [index, { by, text, first, answers, deleted }] of lines.entries()) {
    const replyTo = answers === undefined ? null : ([chatId, index + 1 - answers] as const)
    const { message } = await sendMessage(ctxOf(by), { chatId, clientId: randomUUID(), text: first ?? text, replyTo })
    const key = [chatId, message.number] as const
    if (first !== undefined) await editMessage(ctxOf(by), key, text, null)
    if (deleted === true) await deleteMessage(ctxOf(by), key)
  }
  for (const name of names) await markRead(ctxOf(name), [chatId, lines.length - (unread[name] ?? 0)])
}
