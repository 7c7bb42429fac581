import type { Contender, Spread } from './rounds.ts'

export interface Bar {
  label: string
  role: Contender['role']
  value: Spread
}

const WIDTH = 760
const LABELS = 270
const VALUES = 80
const STEP = 30
const TOP = 64

/** A picture of bars with their spreads, as SVG that can be read on light and on dark ground. */
export function chart(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value.max))
  const scale = (WIDTH - LABELS - VALUES) / most
  const height = TOP + bars.length * STEP + 12
  const lines = bars.map(({ label, role, value }, n) => {
    const y = TOP + n * STEP
    const [width, from, to] = [value.median * scale, value.min * scale, value.max * scale].map((x) => x.toFixed(1)) as [string, string, string]
    return [
      `<text class="label" x="${LABELS - 10}" y="${y + 14}" text-anchor="end">${escape(label)}</text>`,
      `<rect class="${role}" x="${LABELS}" y="${y}" width="${width}" height="20" rx="2"/>`,
      `<path class="spread" d="M${LABELS + Number(from)} ${y + 10}H${LABELS + Number(to)}M${LABELS + Number(from)} ${y + 6}v8M${LABELS + Number(to)} ${y + 6}v8"/>`,
      `<text class="value" x="${(LABELS + Math.max(Number(width), Number(to)) + 8).toFixed(1)}" y="${y + 14}">${shown(value.median)}</text>`,
    ].join('')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">
<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 } .title { font-size: 16px; font-weight: 600 } .unit { fill: #59636e }
.ours { fill: #0969da } .limit { fill: #8c959f } .peer { fill: #d4a72c } .spread { stroke: #1f2328; stroke-width: 1.2; fill: none; opacity: .6 }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .unit { fill: #9198a1 } .ours { fill: #4493f8 } .limit { fill: #656c76 } .peer { fill: #d29922 } .spread { stroke: #f0f6fc } }
</style>
<text class="title" x="10" y="24">${escape(title)}</text>
<text class="unit" x="10" y="44">${escape(unit)}${bars.some(({ value }) => value.min < value.max) ? ': median, with the least and the most' : ''}</text>
${lines.join('\n')}
</svg>
`
}

const shown = (value: number) => (value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en'))
const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
