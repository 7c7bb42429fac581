import { KEYLESS, POSSIBLE_TYPES } from './generated/facts.ts'

/** Which types stand behind each interface: for `possibleTypes` of Apollo's `InMemoryCache` and of urql's graphcache. */
export const possibleTypes: Record<string, string[]> = POSSIBLE_TYPES

/** For `typePolicies` of Apollo's `InMemoryCache`: what has no `id` is a part of what holds it. Spread it, and add policies of your own. */
export const typePolicies: Record<string, { keyFields: false }> = /* @__PURE__ */ Object.fromEntries(/* @__PURE__ */ KEYLESS.map((name) => [name, { keyFields: false }]))

/** For `keys` of graphcache: what has no `id` is a part of what holds it. Spread it, and add keys of your own. */
export const keys: Record<string, () => null> = /* @__PURE__ */ Object.fromEntries(/* @__PURE__ */ KEYLESS.map((name) => [name, () => null]))
