import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql'
import './scalars.ts'
import './info.ts'
import '../user/schema.ts'
import '../auth/schema.ts'
import '../chat/schema.ts'
import '../chat/list-schema.ts'
import '../chat/member-schema.ts'
import '../chat/invite-schema.ts'
import '../chat/settings-schema.ts'
import '../message/schema.ts'
import '../message/receipt-schema.ts'
import '../presence/schema.ts'
import '../event/schema.ts'
import '../event/stream-schema.ts'
import { viewerOf } from '../viewer.ts'
import { builder } from './builder.ts'
import type { GraphQLContext } from './context.ts'

/** The schema of the whole API. */
export const schema = guard(builder.toSchema())

/** Lets nobody past a root field without sign-in, unless the field says that it is public: a new field is closed until somebody opens it. */
function guard(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      if (field.extensions.public === true) continue
      // The subscribe function stands at the door of a subscription; its events were let through by then.
      if (type === schema.getSubscriptionType()) field.subscribe = guarded(field.subscribe)
      else field.resolve = guarded(field.resolve)
    }
  }
  return schema
}

type Resolver = GraphQLFieldResolver<unknown, GraphQLContext>

function guarded(inner: Resolver | undefined): Resolver {
  return (source, args, ctx, info) => {
    viewerOf(ctx)
    return inner?.(source, args, ctx, info)
  }
}
