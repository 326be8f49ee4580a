import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { describe, expect, it } from 'vitest'
import type { Variant } from '../../../src/contract/documents/samples'
import { childrenOf, engineOf } from '../../fixtures/cli'
import { Desktop, type DesktopClient } from '../../fixtures/desktop'
import { SAMPLE_SETTINGS } from '../../fixtures/sample-documents'
import { sweptShort } from '../../fixtures/swept-project'

/*
 * The engine of the desktop window killed at random, in every way there is, in sweeps and in sample runs. By hand:
 * SLR_DEATHS=20 kills that often in each way and prints what came of it; SLR_DEATHS_SEED chooses the moments.
 */
const ROUNDS = Number(process.env['SLR_DEATHS'] ?? 0)
const SEED = Number(process.env['SLR_DEATHS_SEED'] ?? 1)
/** For each death that comes while the engine is needed; seldom more than two are. */
const MOST_TRIES = 10

/** SIGUSR2 makes a real heap overflow (test/fixtures/heap-overflow.mjs). */
const WAYS = {
  SIGKILL: 'was killed by SIGKILL',
  SIGABRT: 'was killed by SIGABRT',
  SIGTRAP: 'was killed by SIGTRAP',
  SIGSEGV: 'was killed by SIGSEGV',
  SIGUSR2: 'JavaScript heap out of memory'
} as const
type Way = keyof typeof WAYS
const EVERY_WAY = ['SIGKILL', 'SIGABRT', 'SIGTRAP', 'SIGSEGV', 'SIGUSR2'] as const satisfies readonly Way[]

const OVERFLOW = new URL('../../fixtures/heap-overflow.mjs', import.meta.url).href
/** Flags of the window's Node, which its engine has too. */
const NODE_FLAGS = [`--import=${OVERFLOW}`, '--max-old-space-size=256']

const VARIANTS: Variant[] = [
  { kind: 'base', name: 'base' },
  { kind: 'post', name: 'post' }
]

/** Kills the engine once, at the first event from a drawn one on at which there is an engine. */
class Killer {
  private killed: number | null = null
  private events = 0

  constructor(
    private readonly desktop: Desktop,
    private readonly way: Way,
    private readonly from: number
  ) {}

  async hear(): Promise<void> {
    if (this.killed !== null || this.events++ < this.from) return
    const engine = await engineOf(this.desktop.pid).catch(() => null)
    if (engine === null) return
    process.kill(engine, this.way)
    this.killed = engine
  }

  /** One that was killed when its work was done may still be there for the next. */
  async gone(): Promise<void> {
    while (this.killed !== null && (await childrenOf(this.desktop.pid)).includes(this.killed)) await delay(20)
  }
}

/** True if the process received the signal before it handles signals as fatal errors. */
const metTooEarly = (message: string): boolean => message.includes('killed by SIGUSR2')

interface Round {
  desktop: Desktop
  client: DesktopClient
  path: string
  way: Way
  from: number
  /** The sweep that nothing happened to. */
  first: string
}

async function scoresOf(client: DesktopClient, path: string, sweepId: string): Promise<unknown> {
  const { selected, ranges } = await client.sweeps.get({ path, pair: 'pair-1', sweepId })
  return { selected, ranges }
}

/** @returns whether the death came while the engine was needed; if so, the sweep has said why, and went on to the same end */
async function deathInSweep({ desktop, client, path, way, from, first }: Round): Promise<boolean> {
  const killer = new Killer(desktop, way, from)
  const { sweepId } = await client.sweeps.start({ path, pair: 'pair-1', fresh: true })
  const notices: string[] = []
  let last
  for await (const event of await client.sweeps.watch({ path, pair: 'pair-1' })) {
    if (event.type === 'notice') notices.push(event.message)
    await killer.hear()
    last = event
  }
  expect(last).toMatchObject({ type: 'finished' })
  expect(await scoresOf(client, path, sweepId)).toEqual(await scoresOf(client, path, first))
  await killer.gone()
  const said = notices.filter((message) => message.includes('engine'))
  if (said.some(metTooEarly)) return false
  if (said.length > 0) expect(said).toEqual([expect.stringMatching(WAYS[way])])
  return said.length > 0
}

/** @returns whether it came while the engine was needed; if so, the run has said why, lost no answer, and goes on to its end */
async function deathInSamples({ desktop, client, path, way, from }: Round): Promise<boolean> {
  const killer = new Killer(desktop, way, from)
  const { runId } = await client.samples.start({
    path,
    pair: 'pair-1',
    settings: SAMPLE_SETTINGS,
    variants: VARIANTS
  })
  let finished = 0
  let last
  for await (const event of await client.samples.watch({ path, pair: 'pair-1' })) {
    if (event.type === 'samples') finished += event.finished.length
    await killer.hear()
    last = event
  }
  await killer.gone()
  if (last?.type === 'finished' || (last?.type === 'failed' && metTooEarly(last.problem.message))) return false
  expect(last).toMatchObject({
    type: 'failed',
    problem: { code: 'engine-lost', message: expect.stringMatching(WAYS[way]) }
  })
  // Before its first answer nothing is kept of a run.
  if (finished === 0) return true
  const kept = await readFile(join(path, 'pairs/pair-1', 'samples', `${runId}.jsonl`), 'utf8')
  expect(kept.trimEnd().split('\n').length).toBeGreaterThanOrEqual(finished)
  await client.samples.more({ path, pair: 'pair-1', runId, sampleCount: SAMPLE_SETTINGS.sampleCount })
  let ending
  for await (const event of await client.samples.watch({ path, pair: 'pair-1' })) ending = event
  expect(ending).toMatchObject({ type: 'finished' })
  expect(await readFile(join(path, 'pairs/pair-1', 'samples', `${runId}.jsonl`), 'utf8')).toMatch(kept)
  return true
}

const JOBS = {
  sweep: { events: 25, round: deathInSweep },
  'sample run': { events: 6, round: deathInSamples }
}

describe.skipIf(ROUNDS === 0)('the window, whose engine dies', () => {
  for (const [job, { events, round }] of Object.entries(JOBS)) {
    it(`in a ${job}, lives on, says why and loses nothing`, { timeout: 3_600_000 }, async () => {
      const { folder, project } = await sweptShort()
      const desktop = await Desktop.start([`--project=${project}`], { folder, nodeFlags: NODE_FLAGS })
      const client = await desktop.connect()
      const { path } = await client.projects.open({ path: project })
      // Within a second, most of which the engine computes.
      const first = (await client.sweeps.start({ path, pair: 'pair-1', fresh: true })).sweepId
      for await (const event of await client.sweeps.watch({ path, pair: 'pair-1' }))
        expect(event.type).not.toBe('failed')
      const random = xoroshiro128plus(SEED)
      for (const way of EVERY_WAY) {
        let inTime = 0
        let tries = 0
        for (; inTime < ROUNDS; tries++) {
          // A way that hardly ever comes in time is one that this test does not show.
          expect(tries, `${way}: ${inTime} of these were in time`).toBeLessThan(MOST_TRIES * ROUNDS)
          const from = uniformInt(random, 0, events - 1)
          if (await round({ desktop, client, path, way, from, first })) inTime++
        }
        console.log(`${job}: ${way} ${inTime} times while it was needed, of ${tries}`)
      }
      expect(await client.app.info()).toMatchObject({ entry: 'desktop' })
    })
  }
})
