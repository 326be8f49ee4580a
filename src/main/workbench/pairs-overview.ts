import { defaultSweepOf } from '../../contract/documents/answering-sweep'
import type { PairOutline, PairsOverview } from '../../contract/documents/pairs-overview'
import type { PairState, SweepSummary } from '../../contract/documents/project'
import { scoringKey } from '../../contract/documents/scored-by'
import type { Selection } from '../../contract/documents/crc'
import type { EvaluationFinding } from '../../contract/documents/verdict'
import { findingOfSelected } from '../project/results/finding-of-selected'
import type { Problem } from '../../contract/model/problem'
import { checkpointChanges } from '../../contract/procedures/checkpoint-changes'
import { scoredByName } from '../../contract/words/score-words'
import { problemOf } from '../base/rpc-problems'
import type { Jobs } from '../jobs/jobs'
import { type OutlinedSweep, outlineSweep } from '../measures/outline-sweep'
import { transferSelections, type TransferPair } from '../measures/transfer-selections'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/pair/project-pair'
import type { OpenProjects } from './open-projects'
import { atChanges } from './project-news'

/** What reading a pair's sweep has come to. */
type Read =
  | { readonly state: 'read'; readonly found: OutlinedSweep }
  | { readonly state: 'unreadable'; readonly problem: Problem }

/** Pairs are set side by side by what base's layers do in each: other checkpoints are of one pair. */
const ofBaseScoredBy =
  (scoring: string | null) =>
  ({ scoredBy, source }: SweepSummary): boolean =>
    source === null && scoringKey(scoredBy) === scoring

/** Of each pair: windows may show several scorings. */
const KEPT_OUTLINES = 4

/** A pair's sweep of the scoring that is shown, and what is known of it. */
interface Row {
  readonly own: ProjectPair
  readonly sweep: SweepSummary | null
  readonly read: Read | null
}

/** The pairs of projects side by side. A sweep is read once for it, and what is kept of it is a thousandth. */
export class PairsOverviews {
  /** Of each pair the sweeps that were read last, by what their outlines depend on. */
  private readonly known = new WeakMap<ProjectPair, Map<string, Read>>()

  constructor(
    private readonly projects: OpenProjects,
    private readonly jobs: Jobs
  ) {}

  /**
   * The overview at once, as far as it is known, again with each sweep that was read, and after every change that it shows. Ends when
   * `signal` fires.
   *
   * @param scoring key of what the pairs are compared by; null, or gone: what most of them were scored by
   */
  async *watch(
    project: Project,
    scoring: string | null,
    signal: AbortSignal | undefined
  ): AsyncGenerator<PairsOverview> {
    let told = ''
    for await (const overview of atChanges(project, this.jobs, signal, () => this.tell(project, scoring))) {
      const text = JSON.stringify(overview)
      if (text !== told) yield overview
      told = text
    }
  }

  /** The overview, and again with each sweep that was read for it. */
  private async *tell(project: Project, scoring: string | null): AsyncGenerator<PairsOverview> {
    for (;;) {
      const { scorings, shown, rows } = this.look(project, scoring)
      yield this.overviewOf(scorings, shown, rows)
      const unread = rows.find(({ sweep, read }) => sweep !== null && read === null)
      if (unread === undefined) return
      await this.read(unread)
    }
  }

  private look(
    { pairs }: Project,
    scoring: string | null
  ): { scorings: PairsOverview['scorings']; shown: string | null; rows: Row[] } {
    const scorings = scoringsOf(pairs)
    const shown = (scorings.find(({ key }) => key === scoring) ?? scorings[0])?.key ?? null
    const rows = pairs.map((own): Row => {
      const sweep = defaultSweepOf(own.sweeps.filter(ofBaseScoredBy(shown))) ?? null
      const read = sweep === null ? undefined : this.known.get(own)?.get(keyOf(own, sweep))
      return { own, sweep, read: read ?? null }
    })
    return { scorings, shown, rows }
  }

  private async read({ own, sweep }: Row): Promise<void> {
    if (sweep === null) return
    const key = keyOf(own, sweep)
    const read = await outlineOf(own, sweep.id)
    const known = [...(this.known.get(own) ?? []), [key, read] as const]
    this.known.set(own, new Map(known.slice(-KEPT_OUTLINES)))
  }

  private overviewOf(
    scorings: PairsOverview['scorings'],
    scoring: string | null,
    rows: readonly Row[]
  ): PairsOverview {
    const sides = rows.map(({ own: { id }, sweep, read }): TransferPair => {
      const state = sweep === null ? 'none' : (read?.state ?? 'reading')
      return { id, state, side: read?.state === 'read' ? read.found.side : null }
    })
    return {
      scorings,
      scoring,
      pairs: rows.map((row) => this.outlined(row)),
      transfers: transferSelections(sides)
    }
  }

  private outlined({ own, sweep, read }: Row): PairOutline {
    const tasks = [...new Set(own.sweeps.map(({ scoredBy }) => scoredByName(scoredBy)))]
    return {
      id: own.id,
      tasks,
      folders: foldersOf(own, sweep, this.projects.knownPair(own)),
      sweep:
        sweep === null
          ? { state: 'none', others: tasks }
          : read === null
            ? { state: 'reading', summary: sweep }
            : read.state === 'read'
              ? { state: 'read', outline: read.found.outline }
              : read
    }
  }
}

async function outlineOf(own: ProjectPair, sweepId: string): Promise<Read> {
  const { rho } = own.document.settings
  try {
    const sweep = await own.readSweep(sweepId)
    const evaluationOf = (selection: Selection | null): Promise<EvaluationFinding | null> =>
      findingOfSelected(own, sweepId, selection)
    return {
      state: 'read',
      found: await outlineSweep(sweep, await own.readAnswerCheck(sweepId), rho, evaluationOf)
    }
  } catch (error) {
    const problem = problemOf(error)
    if (problem === null) throw error
    return { state: 'unreadable', problem }
  }
}

/** Equal while the row of a sweep is the same: it depends on the limit, the check of full answers and the evaluations. */
const keyOf = ({ document, saved, evaluations }: ProjectPair, { id }: SweepSummary): string =>
  JSON.stringify([
    id,
    document.settings.rho,
    saved.answerChecks,
    evaluations.runs.map((run) => [run.id, run.answerCount])
  ])

/** What the pairs' sweeps were scored by, those of most pairs first. */
function scoringsOf(pairs: readonly ProjectPair[]): PairsOverview['scorings'] {
  const found = new Map<string, PairsOverview['scorings'][number]>()
  for (const { sweeps } of pairs) {
    const own = new Map(sweeps.map(({ scoredBy }) => [scoringKey(scoredBy), scoredBy]))
    for (const [key, scoredBy] of own) {
      const before = found.get(key)
      if (before === undefined) found.set(key, { key, scoredBy, pairCount: 1 })
      else before.pairCount += 1
    }
  }
  return [...found.values()].sort((a, b) => b.pairCount - a.pairCount)
}

function foldersOf(
  { document }: ProjectPair,
  sweep: SweepSummary | null,
  known: PairState | null
): PairOutline['folders'] {
  if (known === null) return 'unseen'
  const { pair } = known
  if (pair === null) return 'unreadable'
  const changed = checkpointChanges({ document, pair }).some(({ kind }) => kind === 'changed')
  const other =
    sweep !== null &&
    (sweep.checkpoints.base !== pair.base.fingerprint || sweep.checkpoints.post !== pair.post.fingerprint)
  return changed || other ? 'changed' : 'same'
}
