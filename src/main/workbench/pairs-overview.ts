import { defaultSweepOf } from '../../contract/documents/answering-sweep'
import type { PairOutline, PairsOverview } from '../../contract/documents/pairs-overview'
import type { PairState, SweepSummary } from '../../contract/documents/project'
import { scoringKey } from '../../contract/documents/scored-by'
import { checkpointChanges } from '../../contract/procedures/checkpoint-changes'
import { scoredByName } from '../../contract/words/score-words'
import type { Jobs } from '../jobs/jobs'
import { transferSelections, type TransferPair } from '../measures/transfer-selections'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/pair/project-pair'
import type { OpenProjects } from './open-projects'
import { atChanges } from './project-news'
import type { OutlineState } from './sweep-outlines'

/** Pairs are set side by side by what base's layers do in each: other checkpoints are of one pair. */
const ofBaseScoredBy =
  (scoring: string | null) =>
  ({ scoredBy, source }: SweepSummary): boolean =>
    source === null && scoringKey(scoredBy) === scoring

/** A pair's sweep of the scoring that is shown, and what is known of it. */
interface Row {
  readonly own: ProjectPair
  readonly sweep: SweepSummary | null
  readonly read: OutlineState | null
}

/** The pairs of projects side by side. */
export class PairsOverviews {
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
      if (unread === undefined || unread.sweep === null) return
      await this.projects.outlines.read(unread.own, unread.sweep)
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
      return { own, sweep, read: sweep === null ? null : this.projects.outlines.current(own, sweep) }
    })
    return { scorings, shown, rows }
  }

  private overviewOf(
    scorings: PairsOverview['scorings'],
    scoring: string | null,
    rows: readonly Row[]
  ): PairsOverview {
    const sides = rows.map(({ own: { id }, sweep, read }): TransferPair => {
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
              ? { state: 'read', outline: read.outlined.outline }
              : read
    }
  }
}

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
