import type { Sql } from 'postgres'

/** So many different texts of statements are kept by each connection; the code has far fewer. Whatever would make them many is not prepared from there on. */
const MAX_TEXTS = 1000

/**
 * A client for Drizzle that prepares its statements: the database reads and plans a text once per connection rather than each time, and a
 * statement is one round trip instead of two. Drizzle by itself does that only for statements that are made ahead and named.
 */
export function preparing<T extends Record<string, unknown>>(client: Sql<T>): Sql<T> {
  const texts = new Set<string>()
  const mayPrepare = (text: string) => {
    if (texts.has(text)) return true
    if (texts.size >= MAX_TEXTS) return false
    texts.add(text)
    return true
  }
  return wrap(client, mayPrepare)
}

/** The client itself, or a transaction of it. */
function wrap<C extends object>(client: C, mayPrepare: (text: string) => boolean): C {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name === 'unsafe') {
        return (text: string, params?: unknown[], options?: object) => value.call(target, text, params, { ...options, prepare: params !== undefined && mayPrepare(text) }) as unknown
      }
      if (name === 'begin' || name === 'savepoint') {
        return (...args: unknown[]) => value.apply(target, args.map((arg) => (typeof arg === 'function' ? (inner: object) => (arg as (inner: object) => unknown)(wrap(inner, mayPrepare)) : arg))) as unknown
      }
      return value
    },
  })
}
