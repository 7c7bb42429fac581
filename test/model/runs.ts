import fc from 'fast-check'
import { afterAll, beforeAll } from 'vitest'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { expectSound } from '../support/sound.ts'
import type { Operation } from './operations.ts'
import { World } from './world.ts'
import type { Setting, Tally } from './world.ts'

/** So many operations are done by each file; `npm run test:model` asks for more. */
const OPERATIONS = Number(process.env.MODEL_OPERATIONS ?? 1500) / 2
/** One run in a fresh world; of some operations there is nothing to do. */
const RUN = 50
/** Worlds that live side by side on one server: while one waits for marks, the others go on. */
const LANES = 4
/** Worlds between two looks at how many operations were done. */
const ROUND = 2

/** A failure that has shrunk for so long is told as small as it is by then. */
const SHRINKING_MS = 120_000

/** How long a file may take: a busy machine does ten operations a second. */
export const TIMEOUT_MS = 60_000 + SHRINKING_MS + OPERATIONS * 100

let server: TestServer

/** A server for the runs of one file. */
export function serve(): void {
  beforeAll(async () => {
    server = await startServer({ settings: { LIMITS: 'cost=10000000' } })
  })
  afterAll(async () => {
    try {
      await expectSound(server)
    } finally {
      await server.close()
    }
  })
}

/**
 * Runs random operations in fresh worlds until enough were done, comparing after each. A failure names the seed and the path that repeat it:
 * `MODEL_SEED=1 MODEL_PATH=0:1 npx vitest run test/model/groups.test.ts`.
 */
export async function runWorlds(name: string, setting: Setting, operation: fc.Arbitrary<Operation>): Promise<void> {
  const tally: Tally = { operations: 0, refused: 0, resumes: 0, comparisons: 0, worlds: 0, heard: new Map() }
  const { MODEL_SEED, MODEL_PATH } = process.env
  const seed = MODEL_SEED === undefined ? Math.trunc(Math.random() * 2 ** 30) : Number(MODEL_SEED)
  const began = Date.now()
  const lanes = new Lanes(setting, operation, tally)
  if (MODEL_PATH === undefined) await lanes.run(seed)
  else await lanes.repeat(seed, MODEL_PATH)
  if (process.env.MODEL_OPERATIONS === undefined) return
  const heard = [...tally.heard].map(([event, count]) => `${event} ${count}`).sort()
  console.log(
    `${name}: ${tally.operations} operations (${tally.refused} refused) in ${tally.worlds} worlds, seed ${seed}, ${Math.round((Date.now() - began) / 1000)} s.\n` +
      `Devices that came back: ${tally.resumes}; comparisons of all that listen: ${tally.comparisons}. Events applied: ${heard.join(', ')}.`,
  )
}

/** Worlds side by side. Once one has failed the others stop, so that its run shrinks fast. */
class Lanes {
  readonly #setting: Setting
  readonly #runs: fc.Arbitrary<Operation[]>
  readonly #tally: Tally
  /** The lane whose run has failed, and whether it did before the devices were compared. */
  #failed: { lane: number; early: boolean } | null = null

  constructor(setting: Setting, operation: fc.Arbitrary<Operation>, tally: Tally) {
    this.#setting = setting
    this.#runs = new Runs(operation)
    this.#tally = tally
  }

  async run(seed: number): Promise<void> {
    const ends = await Promise.allSettled(Array.from({ length: LANES }, (_, lane) => this.#runLane(lane, seed + lane)))
    // The one that shrank; another may have failed in the same moment.
    const end = ends[this.#failed?.lane ?? ends.findIndex(({ status }) => status === 'rejected')]
    if (end?.status === 'rejected') throw end.reason
  }

  async #runLane(lane: number, seed: number): Promise<void> {
    for (let round = 0; this.#tally.operations < OPERATIONS && this.#failed === null; round++) {
      await fc.assert(this.#property(lane), { seed: seed + round * LANES, numRuns: ROUND, interruptAfterTimeLimit: SHRINKING_MS })
    }
  }

  async repeat(seed: number, path: string): Promise<void> {
    await fc.assert(this.#property(0), { seed, path, endOnFailure: true })
  }

  #property(lane: number): fc.IAsyncProperty<[Operation[]]> {
    return fc.asyncProperty(this.#runs, async (run) => {
      const world = await World.make(server, this.#setting, this.#tally)
      let early = true
      try {
        for (const op of run) {
          if (this.#failed !== null && this.#failed.lane !== lane) return
          early = op.do !== 'compare' && op.do !== 'resume'
          // What failed without the devices needs none of their comparisons to fail again.
          if (early || this.#failed?.early !== true) await world.run(op)
        }
        early = false
        if (this.#failed?.early !== true) await world.finish()
      } catch (error) {
        this.#failed ??= { lane, early }
        throw error
      } finally {
        await world.close()
      }
    })
  }
}

/** Lists of operations. They shrink by parts left out, great ones first. */
class Runs extends fc.Arbitrary<Operation[]> {
  readonly #lists: fc.Arbitrary<Operation[]>

  constructor(operation: fc.Arbitrary<Operation>) {
    super()
    this.#lists = fc.noBias(fc.array(operation, { minLength: RUN, maxLength: RUN }))
  }

  generate(random: fc.Random, biasFactor: number | undefined): fc.Value<Operation[]> {
    return new fc.Value(this.#lists.generate(random, biasFactor).value, undefined)
  }

  canShrinkWithoutContext(value: unknown): value is Operation[] {
    return Array.isArray(value)
  }

  shrink(run: Operation[], size: unknown): fc.Stream<fc.Value<Operation[]>> {
    return fc.stream(shorter(run, typeof size === 'number' ? size : run.length)).map(([list, left]) => new fc.Value(list, left))
  }
}

/** A run without one part of it, for every part of so many operations and then of fewer. Late ones go first: after the failure nothing matters. */
function* shorter(run: readonly Operation[], longest: number): IterableIterator<[Operation[], number]> {
  for (let size = Math.min(longest, run.length); size >= 1; size = Math.floor(size / 2)) {
    for (let end = run.length; end > 0; end -= size) yield [[...run.slice(0, Math.max(0, end - size)), ...run.slice(end)], size]
  }
}
