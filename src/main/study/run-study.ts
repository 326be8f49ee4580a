import { notFoundError } from '../../contract/model/problem'
import type { WorkOutcome } from '../../contract/work/work-list'
import { writeFileAtomic } from '../base/files/atomic-file'
import { problemOf } from '../base/rpc-problems'
import type { EngineClient } from '../engine/host'
import type { Project } from '../project/project'
import { documentPage } from '../report/page'
import { type StudyPagePair, sideBySideHead, sideBySideSections } from '../report/side-by-side'
import { type Devices, triedDevices } from '../work/devices'
import type { WorkRuntime } from '../work/work-runtime'
import { runWorkList } from '../work/work-list'
import { PairOfStudy } from './pair-of-study'
import { NO_WORK, type StepOutput, type StepResult, type StudyListener } from './step-result'
import type { StudyStep } from './steps'
import { writableReport } from './study-outputs'
import { pairEntryOf, prepareProjectPair, type ResolvedStudy } from './study-project'
import { StudyRecorder } from './study-recorder'
import { StudyWork } from './study-work'

/** Runs the steps of a study in order. Stored results are reused, and interrupted work is resumed. */
export async function runStudy(
  engine: EngineClient,
  project: Project,
  resolved: ResolvedStudy,
  steps: readonly StudyStep[],
  signal: AbortSignal,
  listener: StudyListener
): Promise<StepResult[]> {
  const recorder = new StudyRecorder(project, resolved, steps, listener)
  const runtime = { engine, signal, notify: recorder.notify.bind(recorder) }
  const run = new StudyRun(runtime, triedDevices(signal), project, resolved, recorder)
  try {
    const results = await runWorkList<StudyStep, StepOutput>(steps, {
      name: 'The study',
      signal,
      begins: (step, index) => recorder.begin(step, index, steps.length),
      async run(step) {
        const done = await run.do(step)
        return { ...done, outcome: outcomeOf(step, done) }
      },
      resultIfNotDone: { work: NO_WORK, result: null },
      ended: (step, result) => recorder.ended(step, result)
    })
    await recorder.end('done')
    return results
  } catch (error) {
    await recorder.end('stopped')
    throw error
  }
}

/** Does the steps of a study. Pairs are opened when their first step begins. */
class StudyRun {
  readonly #pairs = new Map<string, PairOfStudy>()

  constructor(
    private readonly runtime: WorkRuntime,
    private readonly devices: Devices,
    private readonly project: Project,
    private readonly resolved: ResolvedStudy,
    private readonly recorder: StudyRecorder
  ) {}

  async do(step: StudyStep): Promise<StepOutput> {
    return step.pair === null ? this.#reportOfAll() : (await this.#pair(step.pair)).do(step)
  }

  async #pair(name: string): Promise<PairOfStudy> {
    const existing = this.#pairs.get(name)
    if (existing !== undefined) return existing
    const { resolved } = this
    const { projectPair, studied } = await prepareProjectPair(this.project, resolved, pairEntryOf(resolved, name))
    const work = new StudyWork(resolved, studied, projectPair, this.devices)
    const pair = new PairOfStudy(this.runtime, work, projectPair, () => this.recorder.failuresOf(name))
    this.#pairs.set(name, pair)
    return pair
  }

  /** Writes one page of all pairs side by side. The page names pairs without results, with the reason. */
  async #reportOfAll(): Promise<StepOutput> {
    const { resolved } = this
    const path = await writableReport(resolved, null)
    const pairs: StudyPagePair[] = []
    const missing: string[] = []
    for (const { name } of resolved.pairs) {
      try {
        pairs.push(await (await this.#pair(name)).pairOfPage())
      } catch (error) {
        const problem = problemOf(error)
        if (problem === null) throw error
        missing.push(`${name} is left out. ${problem.message}`)
      }
    }
    const [first] = pairs
    if (first === undefined) throw notFoundError(missing.join(' '))
    const head = sideBySideHead(resolved.study.name, pairs, first.report)
    await writeFileAtomic(path, documentPage(head, sideBySideSections(pairs, missing)))
    return { work: NO_WORK, result: path }
  }
}

/** Says whether a step computed anything, or found all results stored. */
function outcomeOf({ kind }: StudyStep, { work }: StepOutput): WorkOutcome {
  if (kind === 'report') return 'written'
  return Object.values(work).some((count) => count > 0) ? 'computed' : 'found'
}
