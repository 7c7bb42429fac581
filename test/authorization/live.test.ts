import { testRows } from './run.ts'
import { LIVE, RESUMED } from './table.ts'

testRows([...LIVE, ...RESUMED])
