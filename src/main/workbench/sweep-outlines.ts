import { readOutline } from '../project/results/checked-sweep'
import type { SweepSummary } from '../../contract/documents/project'
import type { Problem } from '../../contract/model/problem'
import { problemOf } from '../base/rpc-problems'
import { type OutlinedSweep } from '../measures/outline-sweep'
import type { ProjectPair } from '../project/pair/project-pair'

/** The outline of a sweep, or the reason why the sweep cannot be read. */
export type OutlineState =
  | { readonly state: 'read'; readonly outlined: OutlinedSweep }
  | { readonly state: 'unreadable'; readonly problem: Problem }

/** Number of outlines kept per pair. Windows may show several scorings. */
const KEPT_OUTLINES = 4

/** Outlines of stored sweeps: short summaries with the verdict. They are cached until the evidence changes. */
export class SweepOutlines {
  private readonly outlinesOf = new WeakMap<ProjectPair, Map<string, OutlineState>>()

  /** Returns the outline for the current state of the pair; null until it is read. */
  current(pair: ProjectPair, sweep: SweepSummary): OutlineState | null {
    return this.outlinesOf.get(pair)?.get(keyOf(pair, sweep)) ?? null
  }

  async read(pair: ProjectPair, sweep: SweepSummary): Promise<OutlineState> {
    const key = keyOf(pair, sweep)
    const read = await outlineOf(pair, sweep.id)
    const outlines = [...(this.outlinesOf.get(pair) ?? []), [key, read] as const]
    this.outlinesOf.set(pair, new Map(outlines.slice(-KEPT_OUTLINES)))
    return read
  }
}

async function outlineOf(pair: ProjectPair, sweepId: string): Promise<OutlineState> {
  try {
    return { state: 'read', outlined: await readOutline(pair, sweepId) }
  } catch (error) {
    const problem = problemOf(error)
    if (problem === null) throw error
    return { state: 'unreadable', problem }
  }
}

/** Returns a key of a sweep's outline, which changes with the limit, the full-answer check and the evaluations. */
const keyOf = ({ document, saved, evaluations }: ProjectPair, { id }: SweepSummary): string =>
  JSON.stringify([
    id,
    document.settings.rho,
    saved.answerChecks,
    evaluations.runs.map((run) => [run.id, run.answerCount])
  ])
