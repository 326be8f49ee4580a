import { modelNameFromPath } from '../../contract/model/called-after'
import { MODELS_AWAY } from '../../contract/words/pair-words'
import type { ExportEvent, ExportPlan, ExportProgress, ExportResult } from '../../contract/procedures/export'
import type { Variant } from '../../contract/documents/samples'
import { freeName } from '../../contract/model/free-name'
import { sameModel } from '../../contract/model/model'
import { rangesFromText, rangesText, type Recipe } from '../../contract/model/recipe'
import { isReservedName } from '../../contract/model/reserved-name'
import { complaintOf, type Complaint } from '../ui/complaint'
import { BackgroundJob } from '../app/background-job.svelte'
import type { OfferedVariants } from '../recipes/offered-variants.svelte'
import { Latest } from '../app/latest.svelte'
import { doneShare } from '../app/window-job'
import type { OpenProject } from '../app/open-project.svelte'

/** An export that goes on now. */
interface LiveExport {
  recipe: string
  path: string
  progress: ExportProgress
}

interface ExportChoice {
  variant: Extract<Variant, { kind: 'recipe' }>
  origin: string
}

/** What is said of a choice that is not offered any more. */
const LEFT: Readonly<Record<string, string>> = {
  'selected by the sweep': 'was selected when you chose it',
  'selected by the character task': 'was selected when you chose it',
  'kept recipe': 'not kept any more'
}

/** Long enough for a word to be typed. */
const PLAN_MS = 300

/** What is chosen when a range is typed instead. */
export const TYPED = Symbol('typed range')

/** The Export view: what is to be written where, and the export that runs or has just ended. */
export class ExportsState {
  /** What the user chose; null for the first one there is. */
  private choice = $state.raw<ExportChoice | typeof TYPED | null>(null)
  typed = $state('')
  /** The folder to write into, and the new folder's name; null until the user gives another. */
  private givenParent = $state.raw<string | null>(null)
  private givenName = $state.raw<string | null>(null)
  overwrite = $state(false)
  plan = $state.raw<ExportPlan | null>(null)
  /** Why there is no plan of what is chosen. */
  planFailure = $state.raw<Complaint | null>(null)
  result = $state.raw<ExportResult | null>(null)
  readonly job: BackgroundJob<ExportEvent, LiveExport>

  private readonly offered = $derived.by<ExportChoice[]>(() =>
    this.variants.exported.flatMap(({ variant, origin }) =>
      variant.kind === 'recipe' ? [{ variant, origin }] : []
    )
  )
  /** The one that the user chose, as it is now; undefined for none, and for one that is not offered any more. */
  private readonly chosenNow = $derived.by(() => {
    const { choice } = this
    if (choice === null || choice === TYPED) return undefined
    return this.offered.find(({ variant }) => sameModel(variant, choice.variant))
  })
  /** The selected range and the kept recipes, and what was chosen of them although it is neither any more. */
  readonly choices = $derived.by<ExportChoice[]>(() => {
    const { choice, offered } = this
    if (choice === null || choice === TYPED || this.chosenNow !== undefined) return offered
    const taken = offered.map(({ variant }) => variant.name)
    const variant = { ...choice.variant, name: freeName(choice.variant.name, taken) }
    return [...offered, { variant, origin: LEFT[choice.origin] ?? choice.origin }]
  })
  readonly chosen = $derived.by<ExportChoice | typeof TYPED>(() => {
    if (this.choice === TYPED) return TYPED
    const own = this.choice === null ? this.choices[0] : (this.chosenNow ?? this.choices.at(-1))
    return own ?? TYPED
  })
  readonly recipe = $derived.by<Recipe | null>(() => {
    if (this.chosen !== TYPED) {
      const { variant } = this.chosen
      return { ...variant.recipe, name: variant.name }
    }
    const ranges = rangesFromText(this.typed)
    return ranges === null ? null : { name: `Layers ${rangesText(ranges)}`, ranges }
  })
  readonly parent = $derived.by(() => this.givenParent ?? this.project.host.info?.projectsFolder ?? '')
  readonly name = $derived.by(() => {
    if (this.givenName !== null) return this.givenName
    const path = this.project.state.pair?.post.path
    const post = path === undefined ? 'model' : modelNameFromPath(path)
    return `${post}-${this.recipe?.name ?? ''}`.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/-+$/, '')
  })
  /** What is wrong with the name; null where it can be one folder's. */
  readonly nameProblem = $derived.by(() => {
    const name = this.name.trim()
    if (/[/\\]|^\.{1,2}$/.test(name))
      return 'A name of one folder, without / and \\: where it is made stands above, in “Write into”.'
    return isReservedName(name) ? 'Windows reserves this name: no folder can have it there.' : null
  })
  readonly target = $derived.by(() => {
    const [parent, name] = [this.parent.trim(), this.name.trim()]
    return parent === '' || name === '' || this.nameProblem !== null
      ? null
      : `${parent.replace(/[/\\]+$/, '')}/${name}`
  })
  private readonly asked: Latest<string>
  readonly planning = $derived.by(() => this.asked.awaited !== null)
  readonly live = $derived.by(() => this.job.live)
  readonly busy = $derived.by(() => this.job.busy)

  /** Why nothing can be exported now; null when it can. */
  readonly blocked = $derived.by(() => {
    const { state, connected } = this.project
    if (!connected) return 'The workbench is not connected.'
    if (this.project.modelsAway) return MODELS_AWAY
    if (state.pair?.compatible !== true) return 'The pair cannot be computed; see Models.'
    if (this.busy) return 'An export is running.'
    if (this.recipe === null) return 'Type layers such as 3-7, 5 or 3-7,9, each layer once.'
    if (this.nameProblem !== null) return this.nameProblem
    if (this.target === null) return 'Name a folder to write.'
    if (this.planning && this.plan === null) return 'Looking at the models…'
    if (this.plan === null) return this.planFailure?.message ?? 'There is no plan yet.'
    if (this.plan.targetProblem !== null) return 'The folder cannot be written; see above.'
    if (this.plan.target?.exists === true && !this.overwrite) return 'The folder holds a model already.'
    return null
  })

  /** @param variants to choose from */
  constructor(
    private readonly project: OpenProject,
    private readonly variants: OfferedVariants
  ) {
    this.asked = new Latest(project.left)
    this.job = new BackgroundJob<ExportEvent, LiveExport>(project, {
      kind: 'export',
      holdsEngine: null,
      tell: ({ progress: { bytesDone, bytesTotal, secondsLeft } }) => ({
        name: 'Export',
        share: doneShare(bytesDone, bytesTotal),
        secondsLeft
      }),
      calls: () => project.client.exports,
      advance: (live, event) => advanced(live, event),
      draw: (live) => live,
      ended: (ending) => {
        if (ending.type === 'finished') this.result = ending.result
      },
      idle: () => {
        this.overwrite = false
        void this.replan()
      }
    })
  }

  choose(choice: ExportChoice | typeof TYPED): void {
    this.choice = choice
    this.job.failure = null
  }

  /** Chooses a kept recipe. @param id of it */
  chooseKept(id: string): void {
    const kept = this.offered.find(({ variant }) => variant.kept?.id === id)
    if (kept !== undefined) this.choose(kept)
  }

  setTyped(layers: string): void {
    this.typed = layers
    this.job.failure = null
  }

  setParent(path: string): void {
    this.givenParent = path
    this.setOverwrite(false)
  }

  setName(name: string): void {
    this.givenName = name
    this.setOverwrite(false)
  }

  setOverwrite(overwrite: boolean): void {
    this.overwrite = overwrite
    this.job.failure = null
  }

  /** Asks for the plan of what is chosen, once the choosing rests. Why the last export failed is another matter, and stays. */
  async replan(): Promise<void> {
    const { here, client, state } = this.project
    const { recipe, target } = this
    this.planFailure = null
    if (recipe === null || state.pair?.compatible !== true) {
      this.asked.drop()
      this.plan = null
      return
    }
    try {
      const planned = await this.asked.ask(
        recipe.name,
        (signal) => client.exports.plan({ ...here, recipe, target }, { signal }),
        PLAN_MS
      )
      if (planned !== null) this.plan = planned.answer
    } catch (error) {
      this.plan = null
      if (this.project.connected) this.planFailure = complaintOf(error)
    }
  }

  async start(): Promise<void> {
    const { recipe, target, overwrite } = this
    if (recipe === null || target === null || this.blocked !== null) return
    this.result = null
    const { here, client } = this.project
    await this.job.begin(() => client.exports.start({ ...here, recipe, target, overwrite }))
  }
}

function advanced(live: LiveExport | null, event: ExportEvent): LiveExport | null {
  if (event.type === 'snapshot') return { recipe: event.recipe, path: event.path, progress: event.progress }
  return event.type === 'progress' && live !== null ? { ...live, progress: event.progress } : live
}
