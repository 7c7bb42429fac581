import { NotAllowed, NotFound } from '../base/errors.ts'
import { startJob } from '../base/job.ts'
import type { Job } from '../base/job.ts'
import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'
import { findDeliveries, findDelivery, insertDelivery, removeOldDeliveries, requeueDelivery } from './delivery-store.ts'
import type { DeliveryRow } from './delivery-store.ts'
import { forgetOldUploads } from './store.ts'

export type Delivery = DeliveryRow

/** What was worked off is kept for so long, and so long the keys of facts: Meta repeats for seven days. */
const KEPT_DAYS = { deliveries: 7, items: 30 }
const EVERY_MS = 3600_000
const ROWS = 2000

/** Stores what Meta posted, before anybody looks into it. */
export function keepDelivery(ctx: Pick<Ctx, 'db'>, body: Buffer, digest: Buffer): Promise<void> {
  return insertDelivery(ctx.db, body, digest)
}

/** What Meta posted, the newest first; for admins. To others there is nothing. */
export async function listDeliveries(ctx: Ctx, state: Delivery['state'] | null, request: PageRequest<number>): Promise<Page<Delivery, number> | null> {
  if (!viewerOf(ctx).roles.includes('ADMIN')) return null
  const rows = await findDeliveries(ctx.db, { state, after: request.cursor, backward: request.backward, limit: request.limit + 1 })
  return pageOf(request, rows, (row) => row.id)
}

export async function loadDelivery(ctx: Ctx, id: number): Promise<Delivery | null> {
  return ctx.viewer?.roles.includes('ADMIN') === true ? findDelivery(ctx.db, id) : null
}

/** Works a delivery off again. What of it was done stays done once. */
export async function replayDelivery(ctx: Ctx, id: number): Promise<Delivery> {
  if (!viewerOf(ctx).roles.includes('ADMIN')) throw new NotAllowed('Only an admin of this server may do this.')
  const known = await findDelivery(ctx.db, id)
  if (known === null) throw new NotFound('No such delivery.', ['deliveryId'])
  const delivery = await requeueDelivery(ctx.db, id)
  if (delivery === null) throw new NotAllowed('A message in it was revoked, so its content is no longer kept.', ['deliveryId'])
  ctx.bus.publish('whatsapp', null)
  return delivery
}

/** Removes, now and once an hour, what is kept no longer. */
export function startDeliveryRetention({ db, log }: Pick<Ctx, 'db' | 'log'>): Job {
  const removeAll = async (isStopped: () => boolean) => {
    while (!isStopped() && (await removeOldDeliveries(db, KEPT_DAYS, ROWS)) > 0);
    await forgetOldUploads(db)
  }
  return startJob(removeAll, { everyMs: EVERY_MS, log, failed: 'Old webhooks could not be removed; it is tried again in an hour.' })
}
