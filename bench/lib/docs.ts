import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Result } from './job.ts'
import { JOBS } from './options.ts'
import type { JobName } from './options.ts'
import { machineLine, tableOf } from './report.ts'
import type { Machine } from './report.ts'

const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
const BEGIN = '<!-- results -->\n'
const END = '<!-- end of results -->\n'

/** Puts what a file of results holds into docs/performance.md, between its two marks. */
export function writeDocs(file: string): void {
  const { date, machine, jobs } = JSON.parse(readFileSync(file, 'utf8')) as { date: string; machine: Machine; jobs: Partial<Record<JobName, Result>> }
  const sections = JOBS.flatMap((name) => {
    const result = jobs[name]
    return result === undefined ? [] : [`### ${name}\n\n![${name}](../bench/results/${name}.svg)\n\n\`\`\`\n${tableOf(name, result).trim()}\n\`\`\`\n`]
  })
  const page = readFileSync(PAGE, 'utf8')
  const [before = '', rest = ''] = page.split(BEGIN)
  const after = rest.slice(rest.indexOf(END))
  writeFileSync(PAGE, `${before}${BEGIN}\n${date.slice(0, 10)}, ${machineLine(machine)}; the figures as a file: [${basename(file)}](../bench/results/${basename(file)}).\n\n${sections.join('\n')}\n${after}`)
}
