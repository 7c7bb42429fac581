import type { ArgBuilder, FieldMap, InterfaceRef, ObjectFieldBuilder, ObjectRef } from '@pothos/core'
import { encodeKey } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import { builder } from './builder.ts'

type Types = typeof builder.$inferSchemaTypes

const PageInfo = builder.objectRef<{ hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }>('PageInfo').implement({
  description: 'Where a page stands in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more follow behind this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'Whether more stand before this page.' }),
    startCursor: t.exposeString('startCursor', { nullable: true, description: 'Cursor of the first item; null on an empty page.' }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: 'Cursor of the last item; null on an empty page.' }),
  }),
})

/** The four arguments of every connection. */
export function pageArgs(t: ArgBuilder<Types>) {
  return {
    first: t.int({ description: 'So many from the start, or after `after`; at most 100. Without any size a page has 20.' }),
    after: t.string({ description: 'Cursor behind which the page begins; goes with `first`.' }),
    last: t.int({ description: 'So many from the end, or before `before`; at most 100.' }),
    before: t.string({ description: 'Cursor before which the page ends; goes with `last`.' }),
  }
}

type NodeType<T> = ObjectRef<Types, T> | InterfaceRef<Types, T>

/**
 * Defines a connection and its edges by Relay's convention: edges, nodes, pageInfo and what `more` adds, and to its edges `edgeFields`.
 * Its resolvers answer a {@link Page}, or an object that holds one besides what `more` needs.
 */
export function defineConnection<T, P extends Page<T, unknown>>(
  name: string,
  node: NodeType<T>,
  description: string,
  more: (t: ObjectFieldBuilder<Types, P>) => FieldMap = () => ({}),
  edgeFields: (t: ObjectFieldBuilder<Types, { item: T; page: P }>) => FieldMap = () => ({}),
): ObjectRef<Types, P> {
  const Edge = builder.objectRef<{ item: T; page: P }>(`${name}Edge`).implement({
    description: `One item of a ${name}Connection.`,
    fields: (t) => ({
      cursor: t.string({ description: 'Where this item stands in the list: goes into `after` or `before`.', resolve: ({ item, page }) => cursorOf(page, item) }),
      node: t.field({ type: node, description: 'The item itself.', resolve: ({ item }) => item as never }),
      ...edgeFields(t),
    }),
  })
  return builder.objectRef<P>(`${name}Connection`).implement({
    description,
    fields: (t) => ({
      edges: t.field({ type: [Edge], description: 'The items with their cursors.', resolve: (page) => page.items.map((item) => ({ item, page })) }),
      nodes: t.field({ type: [node], description: 'The items alone.', resolve: (page) => page.items as never }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'Where this page stands in the list.',
        resolve: (page) => {
          const [first] = page.items
          const last = page.items.at(-1)
          return {
            hasNextPage: page.hasNextPage,
            hasPreviousPage: page.hasPreviousPage,
            startCursor: first === undefined ? null : cursorOf(page, first),
            endCursor: last === undefined ? null : cursorOf(page, last),
          }
        },
      }),
      ...more(t),
    }),
  })
}

function cursorOf<T>(page: Page<T, unknown>, item: T): string {
  return encodeKey(page.keyOf(item))
}
