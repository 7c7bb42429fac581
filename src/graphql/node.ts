import type { FieldMap, ImplementableObjectRef, InterfaceRef, ObjectFieldBuilder } from '@pothos/core'
import { BadUserInput } from '../base/errors.ts'
import { decodeAnyId, encodeId } from '../base/id.ts'
import type { IdType, Key } from '../base/id.ts'
import type { MaybePromise } from '../base/loaders.ts'
import { builder } from './builder.ts'
import type { GraphQLContext } from './context.ts'

type Types = typeof builder.$inferSchemaTypes

/** Which type an object is of, where it is reached as a Node: the rows themselves do not say. */
const typeOf = new WeakMap<object, IdType>()
const loaders = new Map<IdType, (ctx: GraphQLContext, key: Key) => MaybePromise<object | null>>()

export const Node = builder.interfaceRef<object>('Node').implement({
  description: 'Anything with a global ID.',
  fields: (t) => ({
    // Each type answers its own; this one is never asked.
    id: t.id({ description: 'Global ID.', resolve: () => '' }),
  }),
  resolveType: (value) => typeOf.get(value),
})

/** Defines a type that `node(id)` finds. `load` answers null for what the viewer may not see. */
export function defineNode<T extends object>(
  name: IdType,
  ref: ImplementableObjectRef<Types, T>,
  options: {
    description: string
    /** The numbers of the global ID; needed where no interface brings the field `id`. */
    key?: (value: T) => number[]
    /** Their shapes may be wider than this type's own. */
    interfaces?: readonly object[]
    load: (ctx: GraphQLContext, key: Key) => MaybePromise<T | null>
    fields: (t: ObjectFieldBuilder<Types, T>) => FieldMap
  },
): void {
  loaders.set(name, options.load)
  const { key } = options
  ref.implement({
    description: options.description,
    interfaces: [Node, ...(options.interfaces ?? [])] as unknown as InterfaceRef<Types, T>[],
    fields: (t) => ({
      ...(key === undefined ? {} : { id: t.id({ description: 'Global ID.', resolve: (value) => encodeId(name, ...key(value)) }) }),
      ...options.fields(t),
    }),
  })
}

async function loadNode(ctx: GraphQLContext, id: string, name: string): Promise<object | null> {
  const decoded = decodeAnyId(id)
  if (decoded === null) throw new BadUserInput(`\`${name}\` is not a global ID.`)
  const value = (await loaders.get(decoded.type)?.(ctx, decoded.key)) ?? null
  if (value !== null) typeOf.set(value, decoded.type)
  return value
}

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: 'Anything by its global ID; null where it does not exist or the viewer may not see it.',
    args: { id: t.arg.id({ required: true, description: 'The global ID.' }) },
    resolve: (_root, { id }, ctx) => loadNode(ctx, id, 'id'),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: 'Several things by their global IDs, in that order; at most 100.',
    args: { ids: t.arg.idList({ required: true, description: 'The global IDs.' }) },
    resolve: (_root, { ids }, ctx) => {
      if (ids.length > 100) throw new BadUserInput(`\`ids\` must be at most 100, it has ${ids.length}.`)
      return Promise.all(ids.map((id) => loadNode(ctx, id, 'ids')))
    },
  }),
}))
