import { createDiskBlobs } from './blob/disk.ts'
import { createIncoming } from './blob/incoming.ts'
import { createS3Blobs } from './blob/s3.ts'
import { createMemoryBus } from './bus/memory.ts'
import { Loaders } from './base/loaders.ts'
import { Meters } from './base/meters.ts'
import { NO_LIMITS } from './base/ratelimit.ts'
import { createSecrets } from './base/secrets.ts'
import type { Config } from './config.ts'
import type { Ctx } from './ctx.ts'
import type { Database } from './db/index.ts'
import { SendBatcher } from './message/batcher.ts'
import { createMemoryPresence } from './presence/memory.ts'
import { createTyping } from './presence/typing.ts'
import { logFor } from './process.ts'

/** What the verbs need, without a server around it: a running one hears of changes by its sweep. `name` is that of the command. */
export async function offlineCtx(config: Config, database: Database, name: string): Promise<Ctx> {
  const bus = createMemoryBus(() => undefined)
  const meters = new Meters()
  const log = logFor(config)
  return {
    viewer: null,
    client: { address: 'local', userAgent: null, trusted: false },
    settings: { whatsapp: null, registrationOpen: false, firstIsAdmin: false, publicUrl: '', uploads: config.uploads },
    secrets: createSecrets({ secretKey: '', algorithm: config.auth.algorithm, expiresInMinutes: config.auth.expiresInMinutes, serverKey: null }),
    hostTokens: null,
    knownTokens: { find: () => null, learn: () => Promise.resolve(null) },
    db: database.db,
    sql: database.sql,
    meters,
    sends: new SendBatcher({ sql: database.sends, log, meters, onStored: () => undefined }),
    blobs: config.files.kind === 's3' ? await createS3Blobs(config.files) : createDiskBlobs(config.files.folder),
    incoming: createIncoming(config.uploads.folder, name),
    bus,
    presence: createMemoryPresence({ bus, graceMs: 0, idleMs: 0, onOffline: () => Promise.resolve() }),
    typing: await createTyping(bus),
    limits: NO_LIMITS,
    loaders: new Loaders(),
    log,
  }
}
