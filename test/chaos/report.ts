import type { Result } from './run.ts'

const broken = ({ violations, missed }: Result) => [...Object.entries(violations).map(([name, count]) => `${name}:${count}`), ...(missed.length > 0 ? [`missed:${missed.length}`] : [])].join(' ')

/** One run in a line. */
export function lineOf(result: Result): string {
  const { figures } = result
  const more = Object.entries(figures.more).map(([name, value]) => `; ${name}: ${value}`)
  return `${broken(result) === '' ? 'all promises kept' : `BROKEN ${broken(result)}`}; ${figures.sends} sends, ${figures.deliveries} deliveries, ${result.seconds} s${more.join('')}`
}

/** All runs, for people. */
export function tableOf(results: readonly Result[]): string {
  const head = ['fault', 'count', 'sends', 'deliveries', 'broken', 'send p50/p99', 'delivery p50/p99', 'resume p99', 'failed tries', 'cpu', 'seed']
  const rows = results.map((result) => {
    const { sends, deliveries, sendMs, deliveryMs, resumeMs, failed } = result.figures
    const tries = Object.values(failed).reduce((sum, count) => sum + count, 0)
    return [result.fault, result.count, sends, deliveries, broken(result) || '-', `${sendMs.p50}/${sendMs.p99} ms`, `${deliveryMs.p50}/${deliveryMs.p99} ms`, `${resumeMs.p99} ms`, tries, `${result.cpu} %`, result.seed].map(String)
  })
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [head, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n')
}
