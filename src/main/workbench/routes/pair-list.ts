import type { PairState, SweepSummary } from '../../../contract/documents/project'
import { defaultSweepOf } from '../../../contract/documents/default-sweep'
import type { PairOutline, PairsOverview } from '../../../contract/documents/pairs-overview'
import { scoringKey } from '../../../contract/documents/scored-by'
import { checkpointChanges } from '../../../contract/procedures/checkpoint-changes'
import { scoredByName } from '../../../contract/words/score-words'
import { modelPath } from '../../base/files/paths'
import type { ProjectPair } from '../../project/pair/project-pair'
import type { ProjectJobs } from '../../jobs/jobs'
import { type TransferPair, transferSelections } from '../../measures/transfer-selections'
import type { Project } from '../../project/project'
import type { OpenProjects } from '../open-projects'
import { atChanges } from '../project-news'
import type { OutlineState } from '../sweep-outlines'
import { route, type Routing } from './route'

/** Handles the procedures of the list of pairs, and of one pair's settings. */
export function pairListRoutes({ projects: open, jobs, stateOf, withProject, withPair }: Routing) {
  const { pairs } = route
  const overviews = new PairsOverviews(open, jobs)
  return pairs.router({
    add: pairs.add.use(withProject).handler(async ({ context: { project }, input }) => {
      const { base, post, name } = input
      const location = { kind: 'folders' as const, base: modelPath(base), post: modelPath(post) }
      const { pair, change } = await project.addPair(location, name)
      return { added: pair.id, change }
    }),
    duplicate: pairs.duplicate.use(withProject).handler(async ({ context: { project }, input }) => {
      const { pair, change } = await project.duplicatePair(input.pair)
      return { added: pair.id, change }
    }),
    rename: pairs.rename.use(withProject).handler(async ({ context: { project }, input }) => {
      return { change: await project.renamePair(input.pair, input.name) }
    }),
    move: pairs.move.use(withProject).handler(async ({ context: { project }, input }) => {
      return { change: await project.movePair(input.pair, input.position) }
    }),
    remove: pairs.remove.use(withProject).handler(async ({ context: { project }, input }) => {
      jobs.turns.requireNone(project.pair(input.pair))
      return { change: await project.removePair(input.pair) }
    }),
    overview: pairs.overview
      .use(withProject)
      .handler(({ context, input, signal }) => overviews.watch(context.project, input.scoring, signal)),
    update: pairs.update.use(withPair).handler(async ({ context: { pair }, input }) => {
      return stateOf(pair, await pair.update(input.changes, input.seen))
    }),
    relocate: pairs.relocate.use(withPair).handler(async ({ context: { pair }, input }) => {
      jobs.turns.requireNone(pair)
      await pair.relocate(modelPath(input.base), modelPath(input.post))
      return stateOf(await open.open(input.path, input.pair))
    })
  })
}

/** Selects the sweeps by which pairs are compared. They restore to base, because other checkpoints are of one pair. */
const ofBaseScoredBy =
  (scoring: string | null) =>
  ({ scoredBy, source }: SweepSummary): boolean =>
    source === null && scoringKey(scoredBy) === scoring

/** A pair with its sweep of the shown scoring, and the sweep's outline. `read` is null until the outline is read. */
interface Row {
  readonly pair: ProjectPair
  readonly sweep: SweepSummary | null
  readonly read: OutlineState | null
}

/** Compares the pairs of a project. Sweeps are read one after the other, and each refines the comparison. */
class PairsOverviews {
  constructor(
    private readonly projects: OpenProjects,
    private readonly jobs: ProjectJobs
  ) {}

  /** Yields the known part of the overview at once, and after each change. @param scoring null for the most frequent */
  async *watch(
    project: Project,
    scoring: string | null,
    signal: AbortSignal | undefined
  ): AsyncGenerator<PairsOverview> {
    let lastText = ''
    for await (const overview of atChanges(project, this.jobs, signal, () => this.overviews(project, scoring))) {
      const text = JSON.stringify(overview)
      if (text !== lastText) yield overview
      lastText = text
    }
  }

  /** Yields the overview, and again after each sweep that was read for it. */
  private async *overviews(project: Project, scoring: string | null): AsyncGenerator<PairsOverview> {
    for (;;) {
      const { scorings, shown, rows } = this.rowsScoredBy(project, scoring)
      yield this.overviewOf(scorings, shown, rows)
      const unread = rows.find(({ sweep, read }) => sweep !== null && read === null)
      if (unread === undefined || unread.sweep === null) return
      await this.projects.outlines.read(unread.pair, unread.sweep)
    }
  }

  /** Returns the scorings of the project's sweeps, the one that is shown, and a row for each pair. */
  private rowsScoredBy(
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

  private overviewOf(scorings: PairsOverview['scorings'], scoring: string | null, rows: readonly Row[]): PairsOverview {
    const sides = rows.map(({ pair: { id }, sweep, read }): TransferPair => {
      const state = sweep === null ? 'none' : (read?.state ?? 'reading')
      return { id, state, side: read?.state === 'read' ? read.outlined.side : null }
    })
    return {
      scorings,
      scoring,
      pairs: rows.map((row) => this.outlineOf(row)),
      transfers: transferSelections(sides)
    }
  }

  private outlineOf({ pair, sweep, read }: Row): PairOutline {
    const tasks = [...new Set(pair.sweeps.map(({ scoredBy }) => scoredByName(scoredBy)))]
    const folders = foldersOf(pair, sweep, this.projects.knownPair(pair))
    return { id: pair.id, tasks, folders, sweep: sweepOutline(sweep, read, tasks) }
  }
}

/** Describes the sweep of a row. @param others names of the pair's other scorings */
function sweepOutline(sweep: Row['sweep'], read: Row['read'], others: string[]): PairOutline['sweep'] {
  if (sweep === null) return { state: 'none', others }
  if (read === null) return { state: 'reading', summary: sweep }
  return read.state === 'read' ? { state: 'read', outline: read.outlined.outline } : read
}

/** Lists the scorings of all sweeps with the number of pairs that have them, the most frequent first. */
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

/** Reports whether a pair's folders have the checkpoints that the project and the sweep were created with. */
function foldersOf(
  { document }: ProjectPair,
  sweep: SweepSummary | null,
  known: PairState | null
): PairOutline['folders'] {
  if (known === null) return 'unseen'
  const { pair } = known
  if (pair === null) return 'unreadable'
  const changed = checkpointChanges({ document, pair }).some(({ kind }) => kind === 'changed')
  const isOfOthers =
    sweep !== null &&
    (sweep.checkpoints.base !== pair.base.fingerprint || sweep.checkpoints.post !== pair.post.fingerprint)
  return changed || isOfOthers ? 'changed' : 'same'
}
