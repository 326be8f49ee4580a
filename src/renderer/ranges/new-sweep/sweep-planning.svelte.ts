import type { ProjectState } from '../../../contract/documents/project'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { at } from '../../../contract/model/look-up'
import { DEFAULT_SOUP_SIZE } from '../../../contract/model/recipe'
import { beyondMemory, BYTES_EXPECTED, bytesFromText } from '../../../contract/model/bytes'
import type { SweepPlan } from '../../../contract/documents/sweep-plan'
import { samePrompts } from '../../prompt-set/prompt-draft'
import { complaintOf, type Complaint } from '../../ui/complaint'
import { sameRecord } from '../../ui/same-record'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import type { Tasks } from '../../app/tasks.svelte'
import { askedCount, sameTask, scoringOf } from './scoring-choice'
import type { KnownOfNext } from './sweep-words'

/** Planning tries out how fast this machine is: it waits until whoever changes something has done so. */
const REST_MS = 500

/** What a project's next sweep depends on, as text. @param preview whether it is to be a preview */
export function sweepKey({ path, pair, document, prompts, saved }: ProjectState, preview: boolean): string {
  const { scoredBy, source, soupSize, device, memoryBytes } = document.settings
  return JSON.stringify([
    path,
    pair?.base.fingerprint,
    pair?.post.fingerprint,
    prompts,
    document.rendering,
    document.recipes.map(({ recipe }) => recipe),
    document.otherCheckpoints,
    scoredBy,
    saved.tasks,
    source,
    soupSize,
    device,
    memoryBytes,
    preview
  ])
}

/** Whether that is worth telling: something is known and, unless a sweep was stopped, not all of it. */
const saves = ({ known: { prompts, of, begun }, interrupted }: KnownOfNext): boolean =>
  (prompts > 0 || begun !== null) && (interrupted || prompts < of)

/** What the next sweep is to be, and what it would do, take and last. */
export class SweepPlanning {
  /** Whether it is to score ranges that cannot be selected on a few prompts only. */
  preview = $state(false)
  /** How much of it an interrupted or the last one has computed; null while that is not known, or nothing. */
  known = $state.raw<KnownOfNext | null>(null)
  /** Null while that is not known, or when nothing is left to compute. */
  plan = $state.raw<SweepPlan | null>(null)
  /** Why the sweep cannot be done so. */
  failure = $state.raw<Complaint | null>(null)
  /** What stands in the memory field while it is not what the project has. */
  memoryTyped = $state<string | null>(null)
  /** What is wrong with it, for a sweep would run with another bound than the user sees; null where nothing is. */
  readonly memoryProblem = $derived.by(() => {
    const typed = this.memoryTyped ?? ''
    if (typed.trim() === '') return null
    const bytes = bytesFromText(typed)
    if (bytes === null) return BYTES_EXPECTED
    const tooMuch = beyondMemory(
      bytes,
      this.project.state.document.settings.device,
      this.project.machineBytes
    )
    return tooMuch === null ? null : `Memory ${tooMuch}.`
  })
  private readonly asked: Latest<string>
  readonly working = $derived.by(() => this.asked.awaited !== null)

  /** What it is scored by. */
  readonly scoring = $derived.by<ScoredByBrief>(() =>
    scoringOf(this.project.state.document.settings.scoredBy, this.tasks.list)
  )
  /** How many prompts it scores. */
  readonly askedCount = $derived.by(() => {
    const { document, prompts } = this.project.state
    return askedCount(document.settings.scoredBy, this.tasks.list, prompts.length)
  })
  /** Whether the prompts or their rendering differ from those of the shown sweep. */
  readonly changedSince = $derived.by(() => {
    const { sweep, run } = this.shown
    const { state } = this.project
    if (sweep === null || run !== null) return false
    return (
      (sweep.scoredBy.kind === 'crc' && !samePrompts(state.prompts, sweep.prompts)) ||
      !sameRecord(state.document.rendering, sweep.rendering)
    )
  })
  /** Whether they do, and the next sweep has the same task: it brings the shown one up to date. */
  readonly outdated = $derived.by(
    () => this.changedSince && sameTask(this.shown.sweep?.scoredBy ?? this.scoring, this.scoring)
  )
  /** Whether it is a preview: not where one of the same prompts is to be completed. */
  readonly previews = $derived.by(
    () => this.preview && ((this.shown.sweep?.preview ?? null) === null || this.outdated)
  )

  /** See {@link sweepKey}. */
  private plannedFor: string | null = null

  /** @param shown the sweep that is shown, and the one that runs @param tasks that it can be scored by */
  constructor(
    private readonly project: OpenProject,
    private readonly shown: {
      readonly sweep: ShownSweep | null
      readonly run: object | null
      readonly busy: boolean
    },
    private readonly tasks: Tasks
  ) {
    this.asked = new Latest(project.left)
  }

  /** Whether it scores a soup too. */
  async setSoup(on: boolean): Promise<void> {
    const soupSize = on ? DEFAULT_SOUP_SIZE : 0
    await this.project.set(on ? 'score blends' : 'leave blends out', { settings: { soupSize } })
  }

  /** What it restores layers to: another checkpoint of the project, by its id; null: base. */
  async setSource(id: string | null): Promise<void> {
    const named = this.project.state.document.otherCheckpoints.filter((other) => other.id === id)
    const name = id === null ? 'base' : at(named, 0, 'checkpoint').name
    await this.project.set(`restore to ${name}`, { settings: { source: id } })
  }

  /** Asks how much of it is there already. */
  async lookForKnown(): Promise<void> {
    const { here, client } = this.project
    if (this.shown.busy) return
    // Why the pair or the prompts cannot be read is told where they are shown, and by the sweep itself.
    const known = await client.sweeps.known(here).catch(() => null)
    if (this.shown.busy) return
    this.known = known !== null && saves(known) ? known : null
  }

  /**
   * Plans again when something has changed.
   *
   * @param what see {@link sweepKey}; null while there is nothing to plan, or the engine has other work, after
   *   which less may be left to compute
   */
  want(what: string | null): void {
    if (what === this.plannedFor) return
    this.plannedFor = what
    if (what === null) this.asked.drop()
    else void this.ask(what)
  }

  private async ask(what: string): Promise<void> {
    const { here, client } = this.project
    try {
      const planned = await this.asked.ask(
        what,
        async (signal) => {
          // What is known may be another part of what is asked for now.
          await this.lookForKnown()
          return client.sweeps.plan({ ...here, preview: this.previews }, { signal })
        },
        REST_MS
      )
      if (planned === null) return
      this.plan = planned.answer
      this.failure = null
    } catch (error) {
      this.plan = null
      const complaint = complaintOf(error)
      // A job that another window has started comes first; a lost line has its own notice.
      this.failure = ['busy', 'cancelled', 'lost'].includes(complaint.code) ? null : complaint
    }
  }
}
