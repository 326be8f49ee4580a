import { type Problem, WorkbenchError } from '../../contract/model/problem'
import type { StepOutcome } from '../../contract/documents/study'
import { throwIfCancelled } from '../base/files/cancelling'
import { writeFileAtomic } from '../base/files/atomic-file'
import { problemOf, reportDefect } from '../base/rpc-problems'
import type { EngineClient } from '../engine/host'
import { type Devices, triedDevices } from '../work/devices'
import type { Project } from '../project/project'
import { documentPage } from '../report/page'
import { type PairOfPage, sideBySideHead, sideBySideSections } from '../report/side-by-side'
import { type StepOutput, PairOfStudy } from './pair-of-study'
import { NO_WORK, type StepListener, type StepResult, type StudyListener } from './step-result'
import type { StudyStep } from './steps'
import { writableReport } from './study-outputs'
import { placeOf, type PlacedStudy, settledPair } from './study-project'
import { StudyRecorder } from './study-recorder'

/**
 * Runs the steps of a study in order, into its project. Stored results are reused, and interrupted work is resumed. If
 * a step fails, only the steps that need it are left out.
 *
 * @param steps requested steps of the study, in its order
 * @throws WorkbenchError `cancelled` when `signal` fires
 */
export async function runStudy(
  engine: EngineClient,
  project: Project,
  placed: PlacedStudy,
  steps: readonly StudyStep[],
  signal: AbortSignal,
  listener: StudyListener
): Promise<StepResult[]> {
  const recorder = new StudyRecorder(project, placed, steps, listener)
  const run = new StudyRun(engine, triedDevices(signal), project, placed, signal, recorder)
  try {
    for (const [place, step] of steps.entries()) {
      throwIfCancelled(signal, 'The study')
      await recorder.begin(step, place + 1, steps.length)
      recorder.ended(step, await run.result(step))
    }
    await recorder.end('done')
    return run.results
  } catch (error) {
    await recorder.end('stopped')
    throw error
  }
}

class StudyRun {
  readonly results: StepResult[] = []
  readonly #pairs = new Map<string, PairOfStudy>()

  constructor(
    private readonly engine: EngineClient,
    private readonly devices: Devices,
    private readonly project: Project,
    private readonly placed: PlacedStudy,
    private readonly signal: AbortSignal,
    private readonly listener: StepListener
  ) {}

  /** Runs a step, unless a step that it needs has failed. @throws WorkbenchError `cancelled` */
  async result(step: StudyStep): Promise<StepResult> {
    const startedMs = performance.now()
    const { outcome, problem, work, result } = await this.#attempt(step)
    const seconds = (performance.now() - startedMs) / 1000
    const ended = { key: step.key, outcome, work, seconds, result, problem }
    this.results.push(ended)
    return ended
  }

  async #attempt(step: StudyStep): Promise<StepOutput & { outcome: StepOutcome; problem: Problem | null }> {
    const nothing = { work: NO_WORK, result: null }
    const missing = this.results.find(({ key, problem }) => problem !== null && step.needs.includes(key))
    if (missing !== undefined) {
      const problem = { code: 'not-found', message: `It needs ${missing.key}, which failed.` } as const
      return { ...nothing, outcome: 'left out', problem }
    }
    try {
      const done =
        step.pair === null ? await this.#reportOfAll() : await (await this.#pair(step.pair)).do(step)
      return { ...done, outcome: outcomeOf(step, done), problem: null }
    } catch (error) {
      throwIfCancelled(this.signal, 'The study')
      return { ...nothing, outcome: 'failed', problem: problemOf(error) ?? reportDefect(error, step.key) }
    }
  }

  async #pair(name: string): Promise<PairOfStudy> {
    const existing = this.#pairs.get(name)
    if (existing !== undefined) return existing
    const { projectPair, studied } = await settledPair(this.project, this.placed, placeOf(this.placed, name))
    const { engine, devices, placed, signal, listener } = this
    const pair = new PairOfStudy({ engine, devices, signal, listener }, placed, studied, projectPair)
    this.#pairs.set(name, pair)
    return pair
  }

  /** Writes one page of all pairs side by side. The page names pairs without results, with the reason. */
  async #reportOfAll(): Promise<StepOutput> {
    const { placed } = this
    const path = await writableReport(placed, null)
    const pairs: PairOfPage[] = []
    const missing: string[] = []
    for (const { name } of placed.pairs) {
      try {
        pairs.push(await (await this.#pair(name)).pairOfPage())
      } catch (error) {
        const problem = problemOf(error)
        if (problem === null) throw error
        missing.push(`${name} is left out. ${problem.message}`)
      }
    }
    const [first] = pairs
    if (first === undefined) throw new WorkbenchError('not-found', missing.join(' '))
    const head = sideBySideHead(placed.study.name, pairs, first.report)
    await writeFileAtomic(path, documentPage(head, sideBySideSections(pairs, missing)))
    return { work: NO_WORK, result: path }
  }
}

function outcomeOf({ kind }: StudyStep, { work }: StepOutput): StepOutcome {
  if (kind === 'report') return 'written'
  return Object.values(work).some((count) => count > 0) ? 'computed' : 'found'
}
