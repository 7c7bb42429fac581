import { writeFileSync } from 'node:fs'
import { printSchemaFile } from '../test/printed-schema.ts'

// Writes schema.graphql, the contract as the code builds it.
writeFileSync(new URL('../schema.graphql', import.meta.url), printSchemaFile())
