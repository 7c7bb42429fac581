import { testRows } from './run.ts'
import { ACCOUNT, DIRECT, PEOPLE } from './table.ts'

testRows([...ACCOUNT, ...PEOPLE, ...DIRECT])
