import { writeFileSync } from 'node:fs'
import { printSchemaFile } from '../test/printed-schema.ts'
import { printClientFacts } from './client-facts.ts'

// Writes schema.graphql, the contract as the code builds it, and what clients' caches have to know of it.
writeFileSync(new URL('../schema.graphql', import.meta.url), printSchemaFile())
writeFileSync(new URL('../src/client/generated/facts.ts', import.meta.url), printClientFacts())
