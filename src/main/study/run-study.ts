import type { AnswerCheck } from '../../contract/documents/answer-check'
import { checkOf } from '../../contract/documents/answer-check'
import type { SweepDocument } from '../../contract/documents/crc'
import type { StepOutcome } from '../../contract/documents/study'
import { type Problem, WorkbenchError } from '../../contract/model/problem'
import { got } from '../../contract/model/look-up'
import { throwIfCancelled } from '../base/cancelling'
import { writeFileAtomic } from '../base/files/atomic-file'
import { problemOf, reportDefect } from '../base/rpc-problems'
import { inTurns } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import { checkSweep, rangesToCheck } from '../crc/check/check-sweep'
import type { EngineClient } from '../engine/host'
import { Devices } from '../jobs/devices'
import { pairPaths } from '../project/demo'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/project-pair'
import { collectReport } from '../report/collect'
import { writeReport } from '../report/write'
import { readPairState } from '../workbench/open-projects'
import { completeEvaluation, foundEvaluation, taskAsAsked } from './evaluate-step'
import { type PlacedStudy, reportPath, settledPair } from './study-project'
import type { StudyTask } from './study-file'
import { requireReplaceableReport } from './replaceable-report'
import { isFound, type StudyStep, variantsOf } from './steps'
import { type StudiedPair, taskOfStudy } from './studied-pair'
import { NO_WORK, type StepResult, type StepWork, type StudyListener } from './step-result'
import { type Found, studyVariants } from './study-variants'
import { ToldStudy } from './told-study'
import { computeStudySweep, storedSweep, sweepOfPair } from './sweep-step'

/** What came of a step that did not fail. */
type Done = Pick<StepResult, 'result'> & { work: StepWork }

/**
 * Does the steps of a study, in order, into its project: what the project has is not computed again, what was interrupted goes on, and
 * a step that fails keeps only those that need it from being done.
 *
 * @param steps those of the study that are wanted, in its order
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
  const told = new ToldStudy(project, placed, steps, listener)
  try {
    const results = await doSteps(engine, project, placed, steps, signal, told)
    await told.end('done')
    return results
  } catch (error) {
    await told.end('stopped')
    throw error
  }
}

async function doSteps(
  engine: EngineClient,
  project: Project,
  placed: PlacedStudy,
  steps: readonly StudyStep[],
  signal: AbortSignal,
  listener: StudyListener
): Promise<StepResult[]> {
  const results: StepResult[] = []
  const pairs = new Map<string, PairOfStudy>()
  for (const [place, step] of steps.entries()) {
    throwIfCancelled(signal, 'The study')
    listener.begins(step, place + 1, steps.length)
    const startedMs = performance.now()
    const ended = (outcome: StepOutcome, { work, result }: Done, problem: Problem | null): void => {
      const seconds = (performance.now() - startedMs) / 1000
      results.push({ key: step.key, outcome, work, seconds, result, problem })
    }
    const nothing = { work: NO_WORK, result: null }
    const missing = results.find(({ key, problem }) => problem !== null && step.needs.includes(key))
    if (missing !== undefined) {
      ended('left out', nothing, { code: 'not-found', message: `It needs ${missing.key}, which failed.` })
    } else {
      try {
        const own =
          pairs.get(step.pair) ?? (await openPairOf(engine, project, placed, step, signal, listener))
        pairs.set(step.pair, own)
        const done = await own.do(step)
        ended(outcomeOf(step, done), done, null)
      } catch (error) {
        throwIfCancelled(signal, 'The study')
        ended('failed', nothing, problemOf(error) ?? reportDefect(error, step.key))
      }
    }
    const last = results.at(-1)
    if (last !== undefined) listener.ended(step, last)
  }
  return results
}

function outcomeOf({ kind }: StudyStep, { work }: Done): StepOutcome {
  if (kind === 'report') return 'written'
  return Object.values(work).some((count) => count > 0) ? 'computed' : 'found'
}

async function openPairOf(
  engine: EngineClient,
  project: Project,
  placed: PlacedStudy,
  { pair }: StudyStep,
  signal: AbortSignal,
  listener: StudyListener
): Promise<PairOfStudy> {
  const place = got(new Map(placed.pairs.map((each) => [each.name, each])), pair, 'pair')
  const { own, studied } = await settledPair(project, placed, place)
  return new PairOfStudy(engine, placed, studied, own, signal, listener)
}

/** A pair of a study in the project that takes the results. */
class PairOfStudy {
  readonly #devices = new Devices()
  #sweep: SweepDocument | null = null

  constructor(
    private readonly engine: EngineClient,
    private readonly placed: PlacedStudy,
    private readonly studied: StudiedPair,
    private readonly own: ProjectPair,
    private readonly signal: AbortSignal,
    private readonly listener: StudyListener
  ) {}

  do(step: StudyStep): Promise<Done> {
    switch (step.kind) {
      case 'sweep':
        return this.#doSweep()
      case 'check':
        return this.#doCheck()
      case 'evaluate':
        return this.#doEvaluation(step.task)
      case 'report':
        return this.#doReport(step.pair)
    }
  }

  async #doSweep(): Promise<Done> {
    const request = await sweepOfPair(this.studied, this.#devices)
    const stored = await storedSweep(this.own, request)
    if (stored !== null) {
      this.#sweep = stored
      return { work: NO_WORK, result: stored.id }
    }
    const sweep = await computeStudySweep(this.engine, this.own, request, this.signal, (event) => {
      if (event.type === 'progress') this.listener.progress({ kind: 'sweep', progress: event.progress })
      if (event.type === 'notice') this.listener.notice(event.message)
    })
    this.#sweep = sweep
    const blockEvaluations = sweep.work.blockEvaluations + (sweep.followUp?.blockEvaluations ?? 0)
    return { work: { ...NO_WORK, blockEvaluations }, result: sweep.id }
  }

  async #doCheck(): Promise<Done> {
    const sweep = await this.#swept()
    const { settings, location } = this.studied
    const earlier = await this.own.readAnswerCheck(sweep.id)
    const best = rangesToCheck(sweep, null, settings.rho, this.placed.study.check)
    const recipes = best.filter((recipe) => checkOf(earlier, { kind: 'recipe', recipe }) === null)
    if (recipes.length === 0) return { work: NO_WORK, result: sweep.id }
    const request = { pair: pairPaths(location), sweep, earlier, recipes }
    const check: AnswerCheck = await checkSweep(this.engine, request, this.signal, (progress) =>
      this.listener.progress({ kind: 'check', progress })
    )
    throwIfCancelled(this.signal, 'The check')
    await this.own.saveAnswerCheck(check)
    return { work: { ...NO_WORK, checked: recipes.length }, result: sweep.id }
  }

  async #doEvaluation(asked: StudyTask | null): Promise<Done> {
    if (asked === null) throw new RangeError('an evaluation without a task')
    const { study, folder } = this.placed
    const { entry, location, rendering } = this.studied
    const pair = pairPaths(location)
    const task = taskAsAsked(await taskOfStudy(folder, asked.task, this.own), asked)
    const entries = variantsOf(study, entry)
    const found = entries.some(isFound) ? await this.#found() : null
    const variants = await studyVariants(
      entries,
      study.samplers,
      task.settings.sampling,
      { folder, pair },
      found
    )
    const evaluation = await foundEvaluation(this.own, { ...pair, task, variants, rendering })
    const result = evaluation.run.id
    if (evaluation.complete) return { work: NO_WORK, result }
    for (const notice of evaluation.run.notices) this.listener.notice(notice)
    const computed = await completeEvaluation(this.engine, this.own, evaluation, this.signal, (progress) =>
      this.listener.progress({ kind: 'evaluate', progress })
    )
    const { answers, tokens, scored } = computed
    return { work: { ...NO_WORK, answers, answerTokens: tokens, promptsRead: scored }, result }
  }

  /** Written anew each time: it says what the project has now, also of a pair whose models are gone. */
  async #doReport(pair: string): Promise<Done> {
    const path = reportPath(this.placed, pair)
    await requireReplaceableReport(path)
    const content = await collectReport(this.own, await readPairState(this.own), await this.#shownSweep())
    await writeFileAtomic(path, await writeReport(content, 'html'))
    return { work: NO_WORK, result: path }
  }

  /** Its id; undefined: the newest, where the study has none or its own cannot be told. */
  async #shownSweep(): Promise<string | undefined> {
    if (this.placed.study.sweep === undefined) return undefined
    try {
      return (await this.#sweptIfAny())?.id
    } catch (error) {
      if (problemOf(error) === null) throw error
      return undefined
    }
  }

  async #sweptIfAny(): Promise<SweepDocument | null> {
    this.#sweep ??= await storedSweep(this.own, await sweepOfPair(this.studied, this.#devices))
    return this.#sweep
  }

  async #swept(): Promise<SweepDocument> {
    const sweep = await this.#sweptIfAny()
    if (sweep !== null) return sweep
    throw new WorkbenchError(
      'not-found',
      `${this.studied.name} has not been swept as the study says.`,
      'Run the step "sweep" first.'
    )
  }

  /** What the sweep selects, of the ranges that a check leaves. */
  async #found(): Promise<Found> {
    const sweep = await this.#swept()
    const check = await this.own.readAnswerCheck(sweep.id)
    return { sweep, selection: await inTurns(checkedSelection(sweep, check, this.studied.settings.rho)) }
  }
}
