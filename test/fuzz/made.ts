import { buildSchema, getNamedType, isInputObjectType, isLeafType, isListType, isNonNullType, isObjectType, isInterfaceType, isUnionType, isEnumType } from 'graphql'
import type { GraphQLInputType, GraphQLNamedType, GraphQLOutputType, GraphQLSchema } from 'graphql'
import { readFileSync } from 'node:fs'
import type { Random } from '../chaos/random.ts'

const schema: GraphQLSchema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))

/** Texts that something somewhere may stumble over. */
const TEXTS = ['', ' ', '0', '-1', 'null', 'true', '[]', '{}', '__proto__', 'constructor', '\0', '\ud800', '\udfff', '\u202e', '💥', 'a\u0301', "' or 1=1 --", '"; drop table users; --', '$1', '%', '_', '\\', '`', '${1}', '../..', 'Chat:1', 'Q2hhdDox', 'VXNlcjox', 'TWVzc2FnZToxOjE', '9'.repeat(20), '1e308', 'NaN', '2026-02-31T00:00:00Z', '9999-12-31T23:59:59.999Z', '<script>', '\r\n', '@alice', '"a" -b', 'a'.repeat(300)]

/** Makes input for a server out of a seed: some of it good, most of it nearly. */
export class Maker {
  readonly random: Random
  /** IDs and cursors that the server has given: what is made up from them comes further. */
  readonly seen: string[] = []

  constructor(random: Random) {
    this.random = random
  }

  see(text: string): void {
    for (const [, value = ''] of text.matchAll(/"((?:[A-Za-z\d_-]{6,}))"/g)) {
      if (this.seen.length < 500) this.seen.push(value)
      else this.seen[this.random.below(500)] = value
    }
  }

  text(): string {
    const { random } = this
    if (this.seen.length > 0 && random.chance(0.4)) return random.chance(0.5) ? (random.pick(this.seen) ?? '') : this.mutated(random.pick(this.seen) ?? '')
    if (random.chance(0.02)) return 'x'.repeat(random.below(20_000))
    return random.chance(0.7) ? (random.pick(TEXTS) ?? '') : Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256))).toString(random.pick(['latin1', 'utf8', 'base64url', 'hex'] as const))
  }

  /** The same text, changed somewhere. */
  mutated(text: string): string {
    const { random } = this
    let changed = text
    for (let times = 1 + random.below(3); times > 0; times--) {
      const at = random.below(changed.length + 1)
      const to = at + random.below(8)
      const other = random.pick(['', changed.slice(at, to).repeat(2), String.fromCharCode(random.below(256)), random.pick(['{', '}', '(', ')', '"', '...', '@', '$', ':', '#', '\\', '\0', '[', ']', '!', ',']) ?? '', random.pick(TEXTS) ?? '']) ?? ''
      changed = changed.slice(0, at) + other + changed.slice(to)
    }
    return changed
  }

  /** Any value of JSON. */
  json(depth = 0): unknown {
    const { random } = this
    const kinds = [null, true, false, random.below(2 ** 31), -random.below(100), random.next() * 1e10, this.text(), this.text()]
    if (depth < 4 && random.chance(0.3)) return Array.from({ length: random.below(5) }, () => this.json(depth + 1))
    if (depth < 4 && random.chance(0.3)) return Object.fromEntries(Array.from({ length: random.below(5) }, () => [this.text(), this.json(depth + 1)]))
    return random.pick(kinds)
  }

  /** An operation on the schema that passes validation mostly; its values seldom make sense. */
  operation(): string {
    const { random } = this
    const kind = random.pick(['query', 'query', 'query', 'mutation', 'subscription'] as const) ?? 'query'
    const root = kind === 'query' ? schema.getQueryType() : kind === 'mutation' ? schema.getMutationType() : schema.getSubscriptionType()
    if (root == null) return '{ __typename }'
    const fields = Array.from({ length: kind === 'query' ? 1 + random.below(3) : 1 }, () => this.#field(root, 0))
    const document = `${kind} ${random.chance(0.3) ? `N${random.below(99)}` : ''} { ${fields.join(' ')} }`
    return random.chance(0.4) ? this.mutated(document) : document
  }

  #field(type: GraphQLNamedType, depth: number): string {
    const { random } = this
    if (!isObjectType(type) && !isInterfaceType(type)) return '__typename'
    const all = Object.values(type.getFields())
    const field = random.pick(all)
    // Who leaves or signs out is no use any more.
    if (field === undefined || ['deleteAccount', 'logout', 'revokeSession', 'revokeOtherSessions', 'changePassword'].includes(field.name)) return '__typename'
    const args = field.args.filter((arg) => isNonNullType(arg.type) || random.chance(0.4)).map((arg) => `${arg.name}: ${this.#literal(arg.type, 0)}`)
    const alias = random.chance(0.1) ? `a${random.below(9)}: ` : ''
    const directive = random.chance(0.05) ? random.pick([' @include(if: true)', ' @skip(if: false)', ' @nothing']) ?? '' : ''
    return `${alias}${field.name}${args.length === 0 ? '' : `(${args.join(', ')})`}${directive}${this.#selection(field.type, depth + 1)}`
  }

  #selection(type: GraphQLOutputType, depth: number): string {
    const named = getNamedType(type)
    if (isLeafType(named)) return ''
    if (depth > 6) return ' { __typename }'
    const { random } = this
    if (isUnionType(named) || (isInterfaceType(named) && random.chance(0.5))) {
      const possible = random.pick(schema.getPossibleTypes(named))
      return possible === undefined ? ' { __typename }' : ` { __typename ... on ${possible.name} { ${this.#field(possible, depth)} } }`
    }
    return ` { ${Array.from({ length: 1 + random.below(3) }, () => this.#field(named, depth)).join(' ')} }`
  }

  #literal(type: GraphQLInputType, depth: number): string {
    const { random } = this
    if (random.chance(0.03)) return random.pick(['null', '1', '"x"', '[]', '{}', 'NONE', '$v', '-0', '1e400', '"""block"""', 'true']) ?? 'null'
    if (isNonNullType(type)) return this.#literal(type.ofType, depth)
    if (isListType(type)) return `[${Array.from({ length: random.below(4) }, () => this.#literal(type.ofType, depth)).join(', ')}]`
    if (isEnumType(type)) return random.pick(type.getValues())?.name ?? 'NONE'
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || random.chance(0.4))
      return depth > 4 ? '{}' : `{ ${fields.map((field) => `${field.name}: ${this.#literal(field.type, depth + 1)}`).join(', ')} }`
    }
    const { name } = getNamedType(type)
    if (name === 'Int') return String(random.pick([0, 1, -1, 20, 100, 101, 2 ** 31 - 1, -(2 ** 31), random.below(200)]))
    if (name === 'Float') return String(random.pick([0, 1.5, -90, 90.1, 180, 1e308]))
    if (name === 'Boolean') return String(random.chance(0.5))
    return JSON.stringify(this.text())
  }
}
