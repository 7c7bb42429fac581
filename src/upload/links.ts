import { equalBytes } from '../base/secrets.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'

/** What can be fetched of a file. */
export type Variant = 'file' | 'thumbnail'

/** By what right a link opens a file; whether that right still stands is asked each time the link is used. */
export type Grant =
  /** This user may read what the file belongs to. */
  | { of: 'viewer'; userId: number }
  /** It is the picture of a user, which is for everybody who is signed in. */
  | { of: 'profile' }
  /** It is the picture of a group, shown to whoever has its invite. */
  | { of: 'invite' }

/** Bytes can be sent for so long after they were announced. */
const UPLOAD_MS = 24 * 3600_000
/**
 * Links to files live for one to two of these, in seconds: within one of them a link stays the same, so that whoever asks again finds it in a cache.
 * What members alone may see is closed within five minutes, and at once to those who are members no more.
 */
const SHORT_S = 150
const LONG_S = 3600

/** Enough of a keyed hash that nobody guesses it. */
const SIGNATURE_BYTES = 16

function sign(ctx: Pick<Ctx, 'secrets'>, text: string): Buffer {
  return ctx.secrets.hmac('file', text).subarray(0, SIGNATURE_BYTES)
}

const endOf = (windowS: number) => (Math.floor(Date.now() / 1000 / windowS) + 2) * windowS

/** Where the bytes of this attachment are to be sent. Whoever has the link may send them. */
export function uploadLink(ctx: Ctx, id: number): { url: string; expiresAt: Date } {
  const expiresAt = new Date(Math.floor((Date.now() + UPLOAD_MS) / 1000) * 1000)
  const until = expiresAt.getTime() / 1000
  return { url: `${ctx.settings.publicUrl}/uploads/${id}?e=${until}&s=${sign(ctx, `put:${id}:${until}`).toString('base64url')}`, expiresAt }
}

/** Whether this is a link that the server has made, and its time is not over. */
export function isUploadLink(ctx: Pick<Ctx, 'secrets'>, id: number, query: URLSearchParams): boolean {
  return isSigned(ctx, (until) => `put:${id}:${until}`, query)
}

/** A link for the viewer alone. Where one answer is made for many, each of them gets their own. */
export function fileLink(ctx: Ctx, id: number, variant: Variant): string {
  const ofViewer = (userId: number) => signedQuery(ctx, id, variant, `u${userId}`, SHORT_S)
  const query = ctx.shared === undefined ? ofViewer(viewerOf(ctx).userId) : ctx.shared.ofEach(() => Promise.resolve(ofViewer))
  return `${ctx.settings.publicUrl}/files/${id}/${variant}?${query}`
}

/** A link to the picture of a user: the same for all who are signed in. */
export function profileLink(ctx: Ctx, id: number): string {
  return `${ctx.settings.publicUrl}/files/${id}/thumbnail?${signedQuery(ctx, id, 'thumbnail', 'p', LONG_S)}`
}

/** A link to the picture of a group, for whoever has its invite. */
export function inviteLink(ctx: Ctx, id: number): string {
  return `${ctx.settings.publicUrl}/files/${id}/thumbnail?${signedQuery(ctx, id, 'thumbnail', 'i', SHORT_S)}`
}

function signedQuery(ctx: Pick<Ctx, 'secrets'>, id: number, variant: Variant, grant: string, windowS: number): string {
  const until = endOf(windowS)
  return `g=${grant}&e=${until}&s=${sign(ctx, fileText(id, variant, grant, until)).toString('base64url')}`
}

const fileText = (id: number, variant: string, grant: string, until: number) => `get:${id}:${variant}:${grant}:${until}`

/** By what right this link opens the file, and until when; null where the server has not made it, or its time is over. */
export function grantOf(ctx: Pick<Ctx, 'secrets'>, id: number, variant: Variant, query: URLSearchParams): { grant: Grant; until: number } | null {
  const grant = query.get('g') ?? ''
  if (!isSigned(ctx, (until) => fileText(id, variant, grant, until), query)) return null
  const until = Number(query.get('e'))
  if (grant === 'p') return { grant: { of: 'profile' }, until }
  if (grant === 'i') return { grant: { of: 'invite' }, until }
  return { grant: { of: 'viewer', userId: Number(grant.slice(1)) }, until }
}

function isSigned(ctx: Pick<Ctx, 'secrets'>, textOf: (until: number) => string, query: URLSearchParams): boolean {
  const until = query.get('e') ?? ''
  if (!/^\d{10}$/.test(until) || Number(until) * 1000 <= Date.now()) return false
  return equalBytes(sign(ctx, textOf(Number(until))), Buffer.from(query.get('s') ?? '', 'base64url'))
}
