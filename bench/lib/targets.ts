/** What is asked of a ratio, or of a figure: the gate, below which it is a fault, and the goal. */
export interface Target {
  gate?: number
  goal?: number
}

/** The targets of all jobs, by the ratio's name. Of those in `LESS` the smaller the better. */
export const TARGETS: Record<string, Target> = {
  'send: WebSocket / one statement': { gate: 0.5, goal: 0.9 },
  'send: WebSocket / transaction': { goal: 1.3 },
  'send: HTTP / one statement': { gate: 0.35, goal: 0.8 },
  'send: us of the server per send': { gate: 350, goal: 160 },
  'send: us of PostgreSQL per send': { goal: 110 },
  'hot: WebSocket / one statement': { gate: 2, goal: 6 },
  'hot: WebSocket / transaction': { goal: 8 },
  'hot: WebSocket / Socket.IO': { gate: 4 },
  'hot: HTTP / one statement': { gate: 2, goal: 6 },
  'low: p50 of WebSocket / one statement': { goal: 3 },
  'low: p50 of HTTP / one statement': { goal: 3 },
  'low: p50 of WebSocket / Socket.IO': { gate: 1 },
  // With one message under way each turn waits for a commit, of which bare ws knows nothing: a goal, and no gate.
  'fanout 100, 1 in flight': { goal: 1 },
  'fanout 100, 8 in flight': { gate: 0.5, goal: 1 },
  'fanout 1000, 1 in flight': { goal: 0.95 },
  'fanout 1000, 8 in flight': { gate: 0.7, goal: 2.5 },
  'fanout 5000, 1 in flight': { goal: 2 },
  'fanout 5000, 8 in flight': { gate: 0.9, goal: 2 },
  'fanout 300: Parley / ejabberd, 8 in flight': { gate: 2, goal: 5 },
  'history: Parley / rows': { gate: 0.2, goal: 0.4 },
  'connect: Parley / bare ws': { gate: 0.3, goal: 0.5 },
  'upload: PUT, Parley / bare streams': { gate: 0.7 },
  'upload: GET, Parley / bare streams': { gate: 0.7 },
  'memory: bytes of Parley / bare ws': { gate: 3, goal: 2 },
}

const LESS = /^(low: p50|memory|growth|flood|send: us)/

/** What growth may cost: ten times the data, and at most so much more for each operation. */
const FLAT: Target = { gate: 1.3 }

/** Honest sends beside refused documents. */
const FLOODED: Target = { goal: 1.2 }

export function targetOf(name: string): Target {
  return TARGETS[name] ?? (name.startsWith('growth') ? FLAT : name.startsWith('flood') ? FLOODED : {})
}

/** One line about a ratio and what is asked of it. */
export function verdict(name: string, value: number): string {
  const { gate, goal } = targetOf(name)
  const less = LESS.test(name)
  const says = (kind: string, target: number | undefined) =>
    target === undefined ? [] : [`${kind} ${less ? '≤' : '≥'} ${target} ${(less ? value <= target : value >= target) ? 'met' : 'not met'}`]
  return [...says('gate', gate), ...says('goal', goal)].join(', ')
}
