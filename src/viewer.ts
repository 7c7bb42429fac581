import { Unauthenticated } from './base/errors.ts'
import type { Ctx, Viewer } from './ctx.ts'

/** The signed-in viewer. @throws {Unauthenticated} without one. */
export function viewerOf(ctx: Pick<Ctx, 'viewer'>): Viewer {
  if (ctx.viewer === null) throw new Unauthenticated()
  return ctx.viewer
}
