import sharp from 'sharp'

// Pictures for the demo's people to send, drawn here: nothing of anybody else's.

interface View {
  sky: [string, string]
  sun: { x: number; y: number; colour: string }
  hills: string[]
  water?: string
}

const VIEWS: Record<string, View> = {
  gorge: { sky: ['#f6d9a8', '#e98f62'], sun: { x: 760, y: 250, colour: '#fff3d6' }, hills: ['#b77a5b', '#8a5b4a', '#5c4140', '#33302f'] },
  lake: { sky: ['#bfdfe6', '#eef3e6'], sun: { x: 260, y: 170, colour: '#fffbe8' }, hills: ['#8fb3a9', '#5f8f83', '#2f6f62'], water: '#7fb4b8' },
  dusk: { sky: ['#2d3561', '#c05c7e'], sun: { x: 560, y: 380, colour: '#f3826f' }, hills: ['#5b3a63', '#40305a', '#251f3d'] },
}

/** A ridge across the picture: waves of several lengths, always the same ones. */
function ridge(seed: number, level: number, height: number, width: number): string {
  const points: string[] = []
  for (let x = 0; x <= width; x += 20) {
    const wave = Math.sin(x / 170 + seed * 2.1) + Math.sin(x / 67 + seed * 5.3) / 2.2 + Math.sin(x / 29 + seed) / 6
    points.push(`${x},${Math.round(level - wave * height)}`)
  }
  return points.join(' ')
}

/** A landscape, as JPEG. */
export function landscape(name: keyof typeof VIEWS | string, width = 1200, height = 800): Promise<Buffer> {
  const { sky, sun, hills, water } = VIEWS[name] ?? (VIEWS.lake as View)
  const level = (index: number) => height * (0.5 + 0.13 * index)
  const shapes = hills.map((colour, index) => `<polygon fill="${colour}" points="0,${height} ${ridge(index + sun.x / 100, level(index), 70 - index * 8, width)} ${width},${height}"/>`)
  const lake = water === undefined ? '' : `<ellipse cx="${width * 0.55}" cy="${height * 0.93}" rx="${width * 0.5}" ry="${height * 0.11}" fill="${water}"/><ellipse cx="${width * 0.5}" cy="${height * 0.9}" rx="${width * 0.3}" ry="${height * 0.025}" fill="#fff" opacity="0.25"/>`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
    <defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${sky[0]}"/><stop offset="1" stop-color="${sky[1]}"/></linearGradient></defs>
    <rect width="100%" height="100%" fill="url(#s)"/><circle cx="${sun.x}" cy="${sun.y}" r="70" fill="${sun.colour}"/>${shapes.join('')}${lake}</svg>`
  return sharp(Buffer.from(svg)).jpeg({ quality: 88 }).toBuffer()
}

interface Looks {
  back: string
  skin: string
  hair: string
  shirt: string
  long?: boolean
  beard?: boolean
}

const LOOKS: Record<string, Looks> = {
  alice: { back: '#e9c46a', skin: '#f0c9a6', hair: '#5a3a22', shirt: '#2f6f62', long: true },
  bob: { back: '#9cc5c9', skin: '#e8b98f', hair: '#1f1b1a', shirt: '#c0583f', beard: true },
  carol: { back: '#e5a0a8', skin: '#c98f66', hair: '#23150f', shirt: '#4a5a8c', long: true },
  dan: { back: '#b9c99a', skin: '#7d4f35', hair: '#15100e', shirt: '#e0a03c' },
}

/** A face, as PNG. */
export function portrait(name: string): Promise<Buffer> {
  const { back, skin, hair, shirt, long = false, beard = false } = LOOKS[name] ?? (LOOKS.dan as Looks)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="400" height="400">
    <rect width="100" height="100" fill="${back}"/>
    ${long ? `<path d="M22 88V44a28 28 0 0 1 56 0v44z" fill="${hair}"/>` : `<path d="M26 52V40a24 24 0 0 1 48 0v12z" fill="${hair}"/>`}
    <path d="M14 104c0-22 16-30 36-30s36 8 36 30z" fill="${shirt}"/><path d="M41 62h18v14a9 9 0 0 1-18 0z" fill="${skin}"/>
    <ellipse cx="50" cy="48" rx="20" ry="23" fill="${skin}"/>
    ${beard ? `<path d="M30 50c0 20 9 25 20 25s20-5 20-25c-3 6-8 9-20 9s-17-3-20-9z" fill="${hair}"/>` : ''}
    <path d="M29 44c0-17 9-24 21-24s21 7 21 24c-5-9-12-13-21-13s-16 4-21 13z" fill="${hair}"/>
    <circle cx="42" cy="48" r="2.4" fill="#1f1b1a"/><circle cx="58" cy="48" r="2.4" fill="#1f1b1a"/>
    <path d="M43 ${beard ? 62 : 59}q7 5 14 0" stroke="${beard ? '#e8b0a0' : '#8a3f2f'}" stroke-width="2.4" fill="none" stroke-linecap="round"/></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}
