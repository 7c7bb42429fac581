import { testRows } from './run.ts'
import { CLOSED, GROUPS, MESSAGES, OUTSIDE } from './table.ts'

testRows([...GROUPS, ...MESSAGES, ...CLOSED, ...OUTSIDE])
