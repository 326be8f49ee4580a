import { type AnswerCheck, CHECKED_AT_ONCE } from '../../contract/documents/answer-check'
import type { SweepDocument } from '../../contract/documents/crc'
import type { Recipe } from '../../contract/model/recipe'
import { throwIfCancelled } from '../base/files/cancelling'
import {
  baselinesToCheck,
  type CheckRequest,
  checkSweep,
  missingOfCheck,
  rangesToCheck
} from '../crc/check/check-sweep'
import type { PairFolders } from '../crc/sweep/score-recipes'
import type { ProjectPair } from '../project/pair/project-pair'
import { keepSweepOnce } from '../project/results/keep-sweep'
import type { WorkMeans } from './means'

export interface CheckOptions {
  recipes?: readonly Recipe[] | undefined
  best?: number | undefined
  rho: number
  /** Check that is stored beside the file of the sweep. */
  sweepFileCheck?: AnswerCheck | null | undefined
  /** Default: the device and precision of the sweep. */
  computedIn?: Pick<AnswerCheck, 'device' | 'precision'> | undefined
}

/** A full-answer check of a sweep that can be run. */
export class CheckWork {
  private constructor(
    readonly request: CheckRequest,
    private readonly pair: ProjectPair | null
  ) {}

  /** Prepares a check, which adds to an equal one of the project. @param pair stores the check; null for none */
  static async open(
    folders: PairFolders,
    sweep: SweepDocument,
    { recipes, best = CHECKED_AT_ONCE, rho, sweepFileCheck = null, computedIn = sweep }: CheckOptions,
    pair: ProjectPair | null
  ): Promise<CheckWork> {
    const stored = (await pair?.readAnswerCheck(sweep.id)) ?? sweepFileCheck
    const earlier = stored !== null && isComputedIn(stored, computedIn) ? stored : null
    const request: CheckRequest = {
      pair: folders,
      sweep,
      earlier,
      recipes: recipes ?? rangesToCheck(sweep, earlier, rho, best),
      baselines: baselinesToCheck(sweep, earlier, rho),
      computedIn
    }
    return new CheckWork(request, pair)
  }

  /** Prepares the first check of a sweep's best ranges. @param parts.best their number @param pair stores the check */
  static async first(
    folders: PairFolders,
    sweep: SweepDocument,
    { rho, best }: { rho: number; best: number },
    pair: ProjectPair | null
  ): Promise<CheckWork> {
    const earlier = (await pair?.readAnswerCheck(sweep.id)) ?? null
    return new CheckWork({ pair: folders, sweep, earlier, ...missingOfCheck(sweep, earlier, rho, best) }, pair)
  }

  get isComplete(): boolean {
    return this.request.recipes.length === 0 && this.request.baselines.length === 0
  }

  /** Computes the check. @throws WorkbenchError as `checkSweep` */
  async compute({ engine, signal, notify }: WorkMeans): Promise<AnswerCheck> {
    const check = await checkSweep(engine, this.request, signal, (progress) =>
      notify({ type: 'progress', kind: 'check', progress })
    )
    throwIfCancelled(signal, 'The check')
    return check
  }

  /** Stores the check in the project, if there is one, with its sweep. */
  async keep(check: AnswerCheck): Promise<void> {
    if (this.pair === null) return
    await keepSweepOnce(this.pair, this.request.sweep)
    await this.pair.saveAnswerCheck(check)
  }
}

const isComputedIn = (
  check: Pick<AnswerCheck, 'device' | 'precision'>,
  { device, precision }: Pick<AnswerCheck, 'device' | 'precision'>
): boolean => check.device === device && check.precision === precision
