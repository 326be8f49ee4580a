import { defaultSweepOf } from '../../contract/documents/answering-sweep'
import type { PairOutline, PairsOverview } from '../../contract/documents/pairs-overview'
import type { PairState, SweepSummary } from '../../contract/documents/project'
import { scoringKey } from '../../contract/documents/scored-by'
import { checkpointChanges } from '../../contract/procedures/checkpoint-changes'
import { scoredByName } from '../../contract/words/score-words'
import type { ProjectJobs } from '../jobs/jobs'
import { transferSelections, type TransferPair } from '../measures/transfer-selections'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/pair/project-pair'
import type { OpenProjects } from './open-projects'
import { atChanges } from './project-news'
import type { OutlineState } from './sweep-outlines'

/** Pairs are compared by sweeps that restore base's layers. Other checkpoints belong to one pair only. */
const ofBaseScoredBy =
  (scoring: string | null) =>
  ({ scoredBy, source }: SweepSummary): boolean =>
    source === null && scoringKey(scoredBy) === scoring

/** A pair's sweep of the shown scoring, with its outline if that was read. */
interface Row {
  readonly pair: ProjectPair
  readonly sweep: SweepSummary | null
  readonly read: OutlineState | null
}

/** The pairs of projects side by side. */
export class PairsOverviews {
  constructor(
    private readonly projects: OpenProjects,
    private readonly jobs: ProjectJobs
  ) {}

  /**
   * Yields the known part of the overview at once, and again after each sweep that was read and each change. Ends when
   * `signal` fires.
   *
   * @param scoring key of the scoring that the pairs are compared by; the most frequent one if it is null or gone
   */
  async *watch(
    project: Project,
    scoring: string | null,
    signal: AbortSignal | undefined
  ): AsyncGenerator<PairsOverview> {
    let lastText = ''
    for await (const overview of atChanges(project, this.jobs, signal, () =>
      this.overviews(project, scoring)
    )) {
      const text = JSON.stringify(overview)
      if (text !== lastText) yield overview
      lastText = text
    }
  }

  /** Yields the overview, and again after each sweep that was read for it. */
  private async *overviews(project: Project, scoring: string | null): AsyncGenerator<PairsOverview> {
    for (;;) {
      const { scorings, shown, rows } = this.look(project, scoring)
      yield this.overviewOf(scorings, shown, rows)
      const unread = rows.find(({ sweep, read }) => sweep !== null && read === null)
      if (unread === undefined || unread.sweep === null) return
      await this.projects.outlines.read(unread.pair, unread.sweep)
    }
  }

  private look(
    { pairs }: Project,
    scoring: string | null
  ): { scorings: PairsOverview['scorings']; shown: string | null; rows: Row[] } {
    const scorings = scoringsOf(pairs)
    const shownScoring = (scorings.find(({ key }) => key === scoring) ?? scorings[0])?.key ?? null
    const rows = pairs.map((pair): Row => {
      const sweep = defaultSweepOf(pair.sweeps.filter(ofBaseScoredBy(shownScoring))) ?? null
      return { pair, sweep, read: sweep === null ? null : this.projects.outlines.current(pair, sweep) }
    })
    return { scorings, shown: shownScoring, rows }
  }

  private overviewOf(
    scorings: PairsOverview['scorings'],
    scoring: string | null,
    rows: readonly Row[]
  ): PairsOverview {
    const sides = rows.map(({ pair: { id }, sweep, read }): TransferPair => {
      const state = sweep === null ? 'none' : (read?.state ?? 'reading')
      return { id, state, side: read?.state === 'read' ? read.outlined.side : null }
    })
    return {
      scorings,
      scoring,
      pairs: rows.map((row) => this.outlined(row)),
      transfers: transferSelections(sides)
    }
  }

  private outlined({ pair, sweep, read }: Row): PairOutline {
    const tasks = [...new Set(pair.sweeps.map(({ scoredBy }) => scoredByName(scoredBy)))]
    return {
      id: pair.id,
      tasks,
      folders: foldersOf(pair, sweep, this.projects.knownPair(pair)),
      sweep:
        sweep === null
          ? { state: 'none', others: tasks }
          : read === null
            ? { state: 'reading', summary: sweep }
            : read.state === 'read'
              ? { state: 'read', outline: read.outlined.outline }
              : read
    }
  }
}

/** Lists the scorings of the pairs' sweeps, the most frequent first. */
function scoringsOf(pairs: readonly ProjectPair[]): PairsOverview['scorings'] {
  const scorings = new Map<string, PairsOverview['scorings'][number]>()
  for (const { sweeps } of pairs) {
    const scoringOf = new Map(sweeps.map(({ scoredBy }) => [scoringKey(scoredBy), scoredBy]))
    for (const [key, scoredBy] of scoringOf) {
      const before = scorings.get(key)
      if (before === undefined) scorings.set(key, { key, scoredBy, pairCount: 1 })
      else before.pairCount += 1
    }
  }
  return [...scorings.values()].sort((a, b) => b.pairCount - a.pairCount)
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
