import { z } from 'zod'
import {
  type BlindComparison,
  comparisonKey,
  type PreferenceExportFormat,
  type PreferenceVote,
  type PreferenceTally,
  withVotes
} from '../../contract/documents/preferences'
import type { SampleRun } from '../../contract/documents/samples'
import type { AnswerBoard } from '../answers/answers'
import { Latest } from '../app/latest.svelte'
import type { OpenProject } from '../app/open-project.svelte'
import { readStoredJson } from '../ui/browser-storage'
import { saveText } from '../ui/save-file'
import { type BlindPlan, blindPlan, blindSizes, type BlindWay, completeComparisons, votesByComparison } from './blind'

/** The state is stored per window, and survives a reload. */
const STORED_AS = 'slr-blind-run'
const Stored = z.object({ runId: z.string(), size: z.number(), pairs: z.boolean() })

const EXPORT_TYPES = {
  csv: 'text/csv',
  json: 'application/json'
} as const satisfies Record<PreferenceExportFormat, string>

/** A comparison to decide, with the answers of each variant in its set. */
interface ShownComparison {
  comparisonIndex: number
  comparison: BlindComparison
  /** Parallel to the variants that are compared. */
  sets: readonly (readonly string[])[]
  vote: PreferenceVote | null
}

/** A verdict: the column of the preferred variant, a tie, or skipped. */
export type BlindVerdict = number | 'tie' | 'skipped'

/** The blind comparison of the shown run, and its votes. */
export class BlindComparisons {
  on = $state(false)
  way = $state.raw<BlindWay>({ size: 1, pairs: false })
  votes = $state.raw<readonly PreferenceVote[]>([])
  /** Tallies of the votes; empty while names are hidden, and without votes. */
  tallies = $state.raw<readonly PreferenceTally[]>([])
  /** An earlier comparison in view; null for the next one to decide. */
  private viewedIndex = $state<number | null>(null)
  /** Tries again to save a decision that could not be saved; null if all are saved. */
  retry = $state.raw<(() => Promise<void>) | null>(null)
  private readonly tallying = new Latest<string>(() => this.project.left)

  private readonly plan = $derived.by((): BlindPlan => {
    const run = this.shownRun()?.run
    return run === undefined
      ? { length: 0, at: () => ({ prompt: 0, index: 0, size: 1, among: [] }) }
      : blindPlan(run, this.way)
  })
  private readonly voteByComparison = $derived(votesByComparison(this.votes))
  /** Number of comparisons that have all their answers. */
  readonly total = $derived.by(() => {
    const answered = this.shownRun()
    if (answered === null) return 0
    const { run, board } = answered
    return completeComparisons(run, this.way, (...answer) => board.answer(...answer) !== undefined)
  })
  private readonly currentVotes = $derived.by(() => {
    const { size, pairs } = this.way
    const all = this.shownRun()?.run.variants.length
    return this.votes.filter((vote) => vote.size === size && (vote.among.length === all) !== pairs)
  })
  readonly decided = $derived(this.currentVotes.length)

  /** The comparison in view; null if all are decided. */
  readonly current = $derived.by((): ShownComparison | null => {
    if (this.viewedIndex !== null) return this.at(this.viewedIndex)
    for (let index = 0; index < this.plan.length; index += 1) {
      const comparison = this.at(index)
      if (comparison?.vote === null) return comparison
    }
    return null
  })

  constructor(
    private readonly project: OpenProject,
    private readonly shownRun: () => { run: SampleRun; board: AnswerBoard } | null
  ) {}

  /** Shows another run; null while a run goes on. */
  showRun(run: SampleRun | null): void {
    this.on = false
    this.retry = null
    this.viewedIndex = null
    this.tallies = []
    this.votes = run?.marks ?? []
    if (run === null) return
    const sizes = blindSizes(run.settings.sampleCount)
    this.way = { size: Math.min(4, sizes.at(-1) ?? 1), pairs: false }
    const stored = storedWay()
    if (stored?.runId !== run.id) return
    this.way = { size: sizes.includes(stored.size) ? stored.size : this.way.size, pairs: stored.pairs }
    this.on = true
  }

  async updateVotes({ id, marks }: SampleRun): Promise<void> {
    this.votes = marks
    await this.tally(id)
  }

  start(): void {
    this.on = true
    this.tallies = []
    this.store()
  }

  async reveal(): Promise<void> {
    this.on = false
    this.viewedIndex = null
    sessionStorage.removeItem(STORED_AS)
    const run = this.shownRun()?.run
    if (run !== undefined) await this.tally(run.id)
  }

  chooseWay(way: BlindWay): void {
    this.way = way
    this.viewedIndex = null
    this.store()
  }

  /** Shows the previous or the next comparison. */
  step(by: -1 | 1): void {
    this.retry = null
    const from = this.current?.comparisonIndex ?? this.plan.length
    for (let index = from + by; index >= 0 && index < this.plan.length; index += by) {
      if (this.at(index) === null) continue
      this.viewedIndex = index
      return
    }
    if (by > 0) this.viewedIndex = null
  }

  /** Decides the comparison in view, and shows the next undecided one. */
  async decide(verdict: BlindVerdict): Promise<void> {
    const { current } = this
    if (current === null) return
    const { comparison, comparisonIndex } = current
    const vote = voteOf(comparison, verdict)
    if (vote === null) return
    this.viewedIndex = null
    this.retry = null
    if (await this.change(`decide comparison ${comparisonIndex + 1}`, [vote], [])) return
    this.viewedIndex = comparisonIndex
    this.retry = () => this.decide(verdict)
  }

  /** Reverts the latest decision, and shows its comparison again. */
  async takeBack(): Promise<void> {
    const last = this.currentVotes.at(-1)
    this.viewedIndex = null
    this.retry = null
    if (last !== undefined) await this.change('take a decision back', [], [last])
  }

  async clear(): Promise<void> {
    await this.change('clear the preferences', [], this.votes, 'Preferences cleared')
  }

  async export(format: PreferenceExportFormat): Promise<void> {
    const { here, client } = this.project
    const runId = this.shownRun()?.run.id
    if (runId === undefined) return
    const file = await this.project.attempt(() => client.samples.exportPreferences({ ...here, runId, format }))
    if (file !== null) saveText(file.fileName, file.content, EXPORT_TYPES[format])
  }

  /** Returns a comparison by its index; null if one of its answers is missing. */
  private at(comparisonIndex: number): ShownComparison | null {
    const board = this.shownRun()?.board
    if (board === undefined) return null
    const comparison = this.plan.at(comparisonIndex)
    const { prompt, index, size, among } = comparison
    const sets = among.map((variant) =>
      Array.from({ length: size }, (_, answer) => board.answer(prompt, variant, index + answer)?.text).filter(
        (text) => text !== undefined
      )
    )
    if (sets.some((answers) => answers.length < size)) return null
    return { comparisonIndex, comparison, sets, vote: this.voteByComparison.get(comparisonKey(comparison)) ?? null }
  }

  /** Decides comparisons and reverts decisions as one undoable change. @returns whether it was saved */
  private async change(
    what: string,
    decided: readonly PreferenceVote[],
    undecided: readonly BlindComparison[],
    message?: string
  ): Promise<boolean> {
    const runId = this.shownRun()?.run.id
    if (runId === undefined) return false
    const changed = [...decided, ...undecided]
    const before = changed.flatMap((comparison) => this.voteByComparison.get(comparisonKey(comparison)) ?? [])
    /** Shows these votes of the changed comparisons, unless another run is shown. */
    const show = (votes: readonly PreferenceVote[]): void => {
      if (this.shownRun()?.run.id === runId) this.votes = withVotes(this.votes, votes, changed)
    }
    const follow = async (step: 'undo' | 'redo'): Promise<void> => {
      show(step === 'undo' ? before : decided)
      await this.tally(runId)
    }
    show(decided)
    const { client } = this.project
    const done = await this.project.do(
      what,
      (here) => client.samples.vote({ ...here, runId, decided: [...decided], undecided: [...undecided] }),
      { follow, ...(message === undefined ? {} : { message }) }
    )
    if (done) await this.tally(runId)
    else show(before)
    return done
  }

  private async tally(runId: string): Promise<void> {
    if (this.on || this.votes.length === 0) {
      this.tallies = []
      return
    }
    const { here, client } = this.project
    const read = await this.project.attempt(() =>
      this.tallying.ask(runId, (signal) => client.samples.preferences({ ...here, runId }, { signal }))
    )
    if (read !== null && !this.on && this.shownRun()?.run.id === runId) this.tallies = read.answer
  }

  private store(): void {
    const run = this.shownRun()?.run
    if (run !== undefined) sessionStorage.setItem(STORED_AS, JSON.stringify({ runId: run.id, ...this.way }))
  }
}

function voteOf(comparison: BlindComparison, verdict: BlindVerdict): PreferenceVote | null {
  if (typeof verdict === 'string') return { ...comparison, verdict }
  const variant = comparison.among[verdict]
  return variant === undefined ? null : { ...comparison, verdict: 'preferred', variant }
}

const storedWay = (): z.infer<typeof Stored> | undefined => Stored.safeParse(readStoredJson(STORED_AS, 'session')).data
