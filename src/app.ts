import { hostname } from 'node:os'
import { startLeavings } from './account/job.ts'
import { createDiskBlobs } from './blob/disk.ts'
import { createIncoming } from './blob/incoming.ts'
import { createS3Blobs } from './blob/s3.ts'
import { createMemoryBus } from './bus/memory.ts'
import { createRedisBus } from './bus/redis.ts'
import { coalescing } from './base/coalesce.ts'
import { createHostTokens } from './base/host-tokens.ts'
import { NO_LIMITS, createRateLimiter } from './base/ratelimit.ts'
import { openRedis } from './base/redis.ts'
import { Loaders } from './base/loaders.ts'
import { createSecrets } from './base/secrets.ts'
import type { Logger } from './base/log.ts'
import { Meters } from './base/meters.ts'
import { TokenMemory } from './auth/known-tokens.ts'
import { warmUpPasswords } from './auth/password.ts'
import type { Config, WhatsAppSettings } from './config.ts'
import { publishHints } from './ctx.ts'
import type { Database } from './db/index.ts'
import { Hub } from './event/hub.ts'
import { startRetention } from './event/retention.ts'
import type { EventRow } from './event/types.ts'
import type { Services } from './graphql/context.ts'
import { SendBatcher } from './message/batcher.ts'
import type { MessageRow } from './message/store.ts'
import { serveHttp } from './http/server.ts'
import type { HttpServer } from './http/server.ts'
import type { PresenceOptions, Seen } from './presence/index.ts'
import { createMemoryPresence } from './presence/memory.ts'
import { createRedisPresence } from './presence/redis.ts'
import { createTyping } from './presence/typing.ts'
import { startFileKeeping } from './upload/keep.ts'
import { touchLastSeen } from './user/store.ts'
import { createCloudApi } from './whatsapp/client.ts'
import { startDeliveryRetention } from './whatsapp/deliveries.ts'
import { startDownloads } from './whatsapp/downloads.ts'
import { startInbound } from './whatsapp/inbound.ts'
import { startOutbound } from './whatsapp/outbound.ts'
import { startTemplates } from './whatsapp/templates.ts'
import { WEBHOOK_PATHS, createWebhook } from './whatsapp/webhook.ts'
import type { Handler } from './whatsapp/webhook.ts'

/** So long a user stays online after the last connection ended: a reload is no flicker. */
const PRESENCE_GRACE_MS = 6000
/** When people were last seen is stored for all who left within so long. */
const SEEN_APART_MS = 50

/** A running server. */
export interface App {
  http: HttpServer
  services: Services
  /** Finishes what is under way and ends; the database is its owner's to close. */
  close(): Promise<void>
}

/** Wires the parts together and begins to serve. */
export async function startApp(config: Config, options: { database: Database; secretKey: string; log: Logger; presenceGraceMs?: number; presenceIdleMs?: number; keepAliveMs?: number; keepFilesMs?: number; whatsappPace?: number }): Promise<App> {
  const { database, log } = options
  const blobs = config.files.kind === 's3' ? await createS3Blobs(config.files) : createDiskBlobs(config.files.folder)
  const redis = config.redis.kind === 'none' ? null : { settings: config.redis, client: await openRedis(config.redis, log) }
  const onError = (error: unknown) => {
    log.error({ err: error }, 'A listener of the bus failed')
  }
  const bus = redis === null ? createMemoryBus(onError) : await createRedisBus({ settings: redis.settings, publisher: redis.client, log, onError })
  const storeSeen = coalescing<Seen>(
    (seen) =>
      touchLastSeen(database.db, seen).catch((error: unknown) => {
        log.warn({ err: error }, 'When somebody was last seen could not be stored')
      }),
    SEEN_APART_MS,
  )
  const presenceOptions: PresenceOptions = {
    bus,
    graceMs: options.presenceGraceMs ?? PRESENCE_GRACE_MS,
    idleMs: options.presenceIdleMs ?? config.presenceIdleSeconds * 1000,
    onOffline: storeSeen,
  }
  const presence = redis === null ? createMemoryPresence(presenceOptions) : await createRedisPresence({ ...presenceOptions, redis: redis.client })
  const typing = await createTyping(bus)
  const meters = new Meters()
  const hub = new Hub({ sql: database.sql, log, meters })
  const onStored = (events: EventRow[], messages: MessageRow[]) => {
    hub.offer(events)
    // Read by several, it is made for all of them at once.
    for (const message of messages) if (hub.readersOf(message.chatId) > 1) hub.rows.learnMessage(message)
    publishHints({ bus }, events.map(({ streamId, seq }) => [streamId, seq]))
  }
  const sends = new SendBatcher({ sql: database.sends, log, meters, onStored })
  const knownTokens = new TokenMemory(hub)
  const services: Services = {
    settings: { whatsapp: config.whatsapp, registrationOpen: config.registrationOpen, firstIsAdmin: config.server.loopback, publicUrl: config.server.publicUrl ?? '', uploads: config.uploads },
    secrets: createSecrets({ secretKey: options.secretKey, algorithm: config.auth.algorithm, expiresInMinutes: config.auth.expiresInMinutes, serverKey: config.auth.serverKey }),
    hostTokens: config.auth.host === null ? null : createHostTokens(config.auth.host, log),
    knownTokens,
    db: database.db,
    sql: database.sql,
    sends,
    blobs,
    incoming: createIncoming(config.uploads.folder, `${hostname().replace(/[^\w.-]/g, '_')}-${config.server.port}`),
    bus,
    presence,
    typing,
    limits: config.quotas === null ? NO_LIMITS : createRateLimiter(config.quotas, { redis: redis?.client, onRefused: () => meters.refusedByQuota++ }),
    meters,
    log,
    hub,
  }
  await Promise.all([hub.start(bus), warmUpPasswords()])
  const ofNobody = { ...services, ...database.patient, viewer: null, client: { address: 'local', userAgent: null, trusted: false }, loaders: new Loaders() }
  const leavings = await startLeavings(ofNobody)
  const fileKeeping = startFileKeeping(ofNobody, options.keepFilesMs)
  const retention = startRetention({ sql: database.patient.sql, log })
  const whatsapp = config.whatsapp === null ? null : await startWhatsApp(config.whatsapp, services, options.whatsappPace)
  const stopParts = async () => {
    await Promise.allSettled([leavings.stop(), retention.stop(), fileKeeping.stop(), whatsapp?.stop(), sends.close()])
    knownTokens.close()
    await hub.close()
    typing.close()
    await presence.close()
    await bus.close()
    redis?.client.disconnect()
  }
  try {
    const http = await serveHttp(config, services, { database: () => database.healthy(), bus: () => bus.healthy() }, { keepAliveMs: options.keepAliveMs, routes: whatsapp?.routes })
    // Nobody has asked for anything by now, and a port that the system chose is known only from here on.
    if (services.settings.publicUrl === '') services.settings.publicUrl = http.url
    return {
      http,
      services,
      async close() {
        await http.close()
        await stopParts()
      },
    }
  } catch (error) {
    await stopParts()
    throw error
  }
}

/** The edge to WhatsApp: what Meta posts is stored by every server, and worked off, as files that are fetched and what is sent, by one of them. `pace` stretches its pauses; for tests. */
async function startWhatsApp(settings: WhatsAppSettings, services: Services, pace = 1): Promise<{ routes: ReadonlyMap<string, Handler>; stop(): Promise<void> }> {
  const api = createCloudApi(settings)
  const workers = await Promise.all([startInbound(services, { pace }), startDownloads(services, { api, pace }), startOutbound(services, { api, pace })])
  const [templates, retention] = [startTemplates(services, () => api.listTemplates()), startDeliveryRetention(services)]
  const webhook = createWebhook(services, settings, () => { services.bus.publish('whatsapp', null) })
  return {
    routes: new Map(WEBHOOK_PATHS.map((path) => [path, webhook])),
    async stop() {
      await Promise.allSettled([...workers, templates, retention].map((part) => part.stop()))
    },
  }
}
