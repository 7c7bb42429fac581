import type { GraphQLField, GraphQLFieldResolver } from 'graphql'
import { isQuota } from '../base/quotas.ts'
import type { QuotaName } from '../base/quotas.ts'
import type { GraphQLContext } from './context.ts'

/** A quota of a root field, and whom it is counted for. */
export interface Use {
  quota: QuotaName
  /** 'address': also of those who are signed in, or many accounts would be many quotas. */
  by: 'viewer' | 'address'
}

/** Takes one use for whoever asks; the product's own server limits itself. @throws {RateLimited} where nothing is left. */
export async function takeQuota(ctx: GraphQLContext, { quota, by }: Use): Promise<void> {
  if (ctx.client.trusted) return
  const key = by === 'address' || ctx.viewer === null ? `address ${ctx.client.address}` : `user ${ctx.viewer.userId}`
  await ctx.limits.take(quota, key)
}

type Field = GraphQLField<unknown, GraphQLContext>
type Resolver = GraphQLFieldResolver<unknown, GraphQLContext>

/** The quota of a root field: the one that it names, or that of its own name; null where it has none. */
export function quotaOf(field: Field): Use | null {
  const quota = field.extensions.quota ?? field.name
  return typeof quota === 'string' && isQuota(quota) ? { quota, by: field.extensions.public === true ? 'address' : 'viewer' } : null
}

/** Leaves a note of the mutation's quota for `attempt`, which takes it: mutations of a request run one after the other. */
export function notingQuota(field: Field): Resolver | undefined {
  const [use, inner] = [quotaOf(field), field.resolve]
  return (source, args, ctx, info) => {
    ctx.use = use
    return inner?.(source, args, ctx, info)
  }
}

/** Takes the query's quota, where it has one, before it is answered. */
export function takingQuota(field: Field): Resolver | undefined {
  const [use, inner] = [quotaOf(field), field.resolve]
  if (use === null) return inner
  return async (source, args, ctx, info) => {
    await takeQuota(ctx, use)
    return inner?.(source, args, ctx, info)
  }
}
