import { testRows } from './run.ts'
import { CLOSED, GROUPS, MESSAGES } from './table.ts'

testRows([...GROUPS, ...MESSAGES, ...CLOSED])
