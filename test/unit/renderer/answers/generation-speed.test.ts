import { expect, it } from 'vitest'
import { GenerationSpeed, RunSpeed } from '../../../../src/renderer/answers/generation-speed.svelte'
import { projectState, openSession } from '../../../fixtures/scripted-line'

type Told = Parameters<RunSpeed['update']>[0]

/** Told once a second. */
function ran(...told: Told[]): RunSpeed {
  const run = new RunSpeed()
  for (const [second, progress] of told.entries()) run.update(progress, 1000 * second)
  return run
}

const none: Told = { samplesDone: 0, tokensPerSecond: null }
const ABOUT = 'about 1 min 24 s if answers are as long as the last ones, at most 2 min 48 s'
const unknown = 'time unknown before a first run of 64 answers'

it('is learned only from runs of many answers: few are slower, each, and would predict hours', async () => {
  const { session } = await openSession(projectState({}))
  const speed = new GenerationSpeed(session)
  const few = ran(none, { samplesDone: 12, tokensPerSecond: 7 })
  // Earlier answers are no work of this run.
  const resumed = ran({ samplesDone: 600, tokensPerSecond: null }, { samplesDone: 612, tokensPerSecond: 7 })
  for (const run of [ran(), few, resumed, ran(none, { samplesDone: 64, tokensPerSecond: null })]) {
    speed.remember({ device: 'cpu' }, run)
    expect(speed.describeDuration({ device: 'cpu' }, 32, 5376)).toBe(unknown)
  }
  speed.remember({ device: 'cpu' }, ran(none, { samplesDone: 64, tokensPerSecond: 1024 }))
  expect(speed.describeDuration({ device: 'cpu' }, 32, 5376)).toBe(ABOUT)
  speed.remember({ device: 'cpu' }, few)
  expect(speed.describeDuration({ device: 'cpu' }, 32, 5376)).toBe(ABOUT)
})

it('is of all groups of a run, not of a small and slow one at its end', () => {
  const run = ran(
    none,
    { samplesDone: 960, tokensPerSecond: 1000 },
    { samplesDone: 980, tokensPerSecond: 50 },
    { samplesDone: 1000, tokensPerSecond: 50 }
  )
  expect(run.speed?.tokensPerSecond).toBeCloseTo(1000 / (0.96 + 0.8))
  expect(run.speed?.secondsPerAnswer).toBeCloseTo(3 / 1000)
})

it('is of one device, precision and kind of weights', async () => {
  const { session } = await openSession(projectState({}))
  const speed = new GenerationSpeed(session)
  speed.remember({ device: 'webgpu' }, ran(none, { samplesDone: 64, tokensPerSecond: 100 }))
  expect(speed.describeDuration({ device: 'cpu' }, 32, 64)).toBe(unknown)
  expect(speed.describeDuration({ device: 'webgpu', precision: 'fp32' }, 32, 64)).toBe(unknown)
  expect(speed.describeDuration({ device: 'webgpu' }, 32, 64)).toMatch(/, at most 20 s$/)
})
