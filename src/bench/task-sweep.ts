import { elementAt } from '../contract/model/look-up'
import { DEFAULT_UNIFORM_BLENDS } from '../contract/model/recipe'
import { DEFAULT_RENDERING, type SweepDocument } from '../contract/documents/crc'
import { DEFAULT_RHO } from '../contract/documents/project'
import { shownSweep } from '../contract/documents/shown-sweep'
import type { WhatIf } from '../contract/documents/what-if'
import { WHAT_IF_SAMPLERS } from '../contract/model/sampling-baseline'
import { resourcePath } from '../main/base/resources'
import { runToEnd } from '../main/base/steps'
import { askWhatIf } from '../main/crc/check/ask-what-if'
import { runCrcSweep } from '../main/crc/sweep/crc-sweep'
import { createEngineHost, type EngineClient } from '../main/engine/host'
import { builtinTask } from '../main/evaluation/builtin-tasks'
import { median } from 'simple-statistics'
import { section } from './table'

/** Times of a sweep of the demo pair with base, blends and baselines, scored by its task of open questions. */
export interface TaskSweepTime {
  readonly task: string
  readonly models: number
  readonly baselines: number
  readonly packedTokens: number
  readonly blockEvaluations: number
  /** Seconds of the engine's work, and of the sweep with all its steps, for each round. */
  readonly engineSeconds: readonly number[]
  readonly seconds: readonly number[]
  /** Seconds of the sweep with all its steps when it also stores scores under other samplers, as in the window. */
  readonly whatIfSeconds: readonly number[]
  /** Milliseconds of each What if answer, for another limit, sampler and number of draws. */
  readonly answerMs: readonly number[]
}

const TASK = 'demo-open'
const QUESTIONS = 20

/** @param rounds of each sweep, in turn */
export async function measureTaskSweep(rounds: number, signal: AbortSignal): Promise<TaskSweepTime> {
  const host = createEngineHost()
  try {
    const plain: SweepDocument[] = []
    const seconds: number[] = []
    const whatIfSeconds: number[] = []
    let sweepWithSamplers: SweepDocument | null = null
    for (let round = 0; round < rounds; round++) {
      const [without, took] = await timed(() => sweepTask(host.client(), false, signal))
      plain.push(without)
      seconds.push(took)
      const [withSamplers, tookWithSamplers] = await timed(() => sweepTask(host.client(), true, signal))
      sweepWithSamplers = withSamplers
      whatIfSeconds.push(tookWithSamplers)
    }
    const first = elementAt(plain, 0, 'sweep')
    return {
      task: TASK,
      models: 2 + first.ranges.length + first.uniformBlends.filter(({ strength }) => strength > 0).length,
      baselines: first.baselines.length,
      packedTokens: first.work.packedTokens,
      blockEvaluations: first.work.blockEvaluations,
      engineSeconds: plain.map((sweep) => sweep.seconds),
      seconds,
      whatIfSeconds,
      answerMs: sweepWithSamplers === null ? [] : answerTimes(sweepWithSamplers)
    }
  } finally {
    await host.close()
  }
}

async function sweepTask(engine: EngineClient, whatIf: boolean, signal: AbortSignal): Promise<SweepDocument> {
  const task = await builtinTask(TASK)
  const { sampling, sampleCount } = task.settings
  const request = {
    base: resourcePath('demo-pair', 'base'),
    post: resourcePath('demo-pair', 'post'),
    prompts: { kind: 'task', task, sampling, draws: sampleCount } as const,
    rendering: DEFAULT_RENDERING,
    rho: DEFAULT_RHO,
    ranges: true,
    baselines: true,
    whatIf,
    uniformBlendCount: DEFAULT_UNIFORM_BLENDS,
    recipes: []
  }
  return runCrcSweep(engine, request, signal, () => undefined)
}

/** Milliseconds of answers to different questions; the first question only warms up. */
function answerTimes(sweep: SweepDocument): number[] {
  const questions = Array.from({ length: QUESTIONS + 1 }, (_, i): WhatIf => ({
    rho: 0.8 + i / 200,
    sampler: i % 2 === 0 ? elementAt(WHAT_IF_SAMPLERS, i % WHAT_IF_SAMPLERS.length, 'sampler') : null,
    draws: i % 3 === 0 ? 8 + i : null,
    mix: null
  }))
  const [, ...times] = questions.map((asked) => {
    const startedMs = performance.now()
    const { sweep: under, selection } = runToEnd(askWhatIf(sweep, null, asked))
    JSON.stringify({ sweep: shownSweep(under), selection })
    return performance.now() - startedMs
  })
  return times
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const startedMs = performance.now()
  const result = await work()
  return [result, (performance.now() - startedMs) / 1000]
}

/** Formats {@link TaskSweepTime}'s counts, and medians with their smallest and largest values, as lines of a table. */
function taskSweepCells(row: TaskSweepTime): string[] {
  const span = (values: readonly number[], digits: number, unit: string): string =>
    `${median(values).toFixed(digits)} ${unit} ` +
    `(${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`
  return [
    row.task,
    `${row.models} + ${row.baselines} baselines`,
    `${row.blockEvaluations} x ${row.packedTokens}`,
    span(row.engineSeconds, 1, 's'),
    span(row.seconds, 1, 's'),
    span(row.whatIfSeconds, 1, 's'),
    span(row.answerMs, 0, 'ms')
  ]
}

export function describeTasks(tasks: readonly TaskSweepTime[]): string {
  return section(
    'Sweep of the demo pair scored by its open questions (median, and the least and the most of the rounds)',
    'task | models | block evaluations x prefixes | engine | sweep | keeping what if | answering what if',
    tasks.map(taskSweepCells),
    'Keeping what if: with 31 more samplers, as in the window. ' +
      'Answering: another limit, sampler or number of draws, and the answer as text.'
  )
}
