import { GraphQLError } from 'graphql'
import { builder } from './builder.ts'

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

builder.scalarType('DateTime', {
  description: 'A moment as RFC 3339 writes it, in UTC with milliseconds: 2026-01-31T09:30:00.000Z.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const date = typeof value === 'string' && RFC_3339.test(value) ? new Date(value) : null
    if (date === null || Number.isNaN(date.getTime())) throw new GraphQLError('A DateTime is written as in RFC 3339, such as 2026-01-31T09:30:00.000Z.')
    return date
  },
})

builder.scalarType('URL', {
  description: 'A web address, whole: https://chat.example.com/join/abc.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value !== 'string' || !URL.canParse(value)) throw new GraphQLError('A URL is written whole, such as https://chat.example.com/join/abc.')
    return value
  },
})
