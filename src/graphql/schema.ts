import type { GraphQLField, GraphQLFieldResolver, GraphQLObjectType, GraphQLSchema } from 'graphql'
import './scalars.ts'
import './info.ts'
import '../user/schema.ts'
import '../user/contact-schema.ts'
import '../auth/schema.ts'
import '../upload/schema.ts'
import '../upload/profile-schema.ts'
import '../chat/schema.ts'
import '../chat/list-schema.ts'
import '../chat/member-schema.ts'
import '../chat/invite-schema.ts'
import '../chat/settings-schema.ts'
import '../message/schema.ts'
import '../message/attachment-schema.ts'
import '../message/receipt-schema.ts'
import '../message/actions-schema.ts'
import '../message/search-schema.ts'
import '../reaction/schema.ts'
import '../presence/schema.ts'
import '../whatsapp/schema.ts'
import '../whatsapp/delivery-schema.ts'
import '../account/schema.ts'
import '../event/schema.ts'
import '../event/stream-schema.ts'
import { viewerOf } from '../viewer.ts'
import { builder } from './builder.ts'
import type { GraphQLContext } from './context.ts'
import { notingQuota, takingQuota } from './quota.ts'

/** The schema of the whole API. */
export const schema = guard(builder.toSchema())

/**
 * Lets nobody past a root field without sign-in, unless the field says that it is public: a new field is closed until somebody opens it.
 * Behind that stand the quotas.
 */
function guard(schema: GraphQLSchema): GraphQLSchema {
  const fieldsOf = (type: GraphQLObjectType | null | undefined) => Object.values(type?.getFields() ?? {})
  for (const field of fieldsOf(schema.getQueryType())) field.resolve = signedIn(field, takingQuota(field))
  for (const field of fieldsOf(schema.getMutationType())) field.resolve = signedIn(field, notingQuota(field))
  // The subscribe function stands at the door of a subscription; its events were let through by then.
  for (const field of fieldsOf(schema.getSubscriptionType())) field.subscribe = signedIn(field, field.subscribe)
  return schema
}

type Field = GraphQLField<unknown, GraphQLContext>
type Resolver = GraphQLFieldResolver<unknown, GraphQLContext>

function signedIn(field: Field, inner: Resolver | undefined): Resolver | undefined {
  if (field.extensions.public === true) return inner
  return (source, args, ctx, info) => {
    viewerOf(ctx)
    return inner?.(source, args, ctx, info)
  }
}
