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
import type { WorkRuntime } from './work-runtime'

export interface CheckOptions {
  /** Recipes to check; the best unchecked ranges if omitted. */
  recipes?: readonly Recipe[] | undefined
  /** Number of best ranges to check. */
  best?: number | undefined
  /** Share of post's validity that a range must keep. */
  rho: number
  /** Earlier check that is stored beside the sweep's file, for sweeps outside a project. */
  sweepFileCheck?: AnswerCheck | null | undefined
  /** Device and precision of the check; those of the sweep if omitted. */
  computedIn?: Pick<AnswerCheck, 'device' | 'precision'> | undefined
}

/** A full-answer check of a sweep that can be run. */
export class CheckWork {
  private constructor(
    readonly request: CheckRequest,
    private readonly pair: ProjectPair | null
  ) {}

  /**
   * Prepares a check. Models that an earlier check of the sweep contains are not checked again.
   *
   * @param pair pair of the project that stores the check; null for none
   */
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

  /** Prepares the check that follows a new sweep: of its `best` best ranges, without those that are checked already. */
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
  async compute({ engine, signal, notify }: WorkRuntime): Promise<AnswerCheck> {
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
