import { NOT_CONNECTED } from '../app/state-words'
import { modelNameFromPath } from '../../contract/model/called-after'
import { MODELS_AWAY } from '../../contract/words/pair-words'
import type { ExportEvent, ExportPlan, ExportProgress, ExportResult } from '../../contract/procedures/export'
import type { RankEvent } from '../../contract/documents/rank-table'
import type { ServingEvent } from '../../contract/procedures/served-models'
import type { Variant } from '../../contract/documents/samples'
import { freeName } from '../../contract/model/free-name'
import { sameModel, weightsKey } from '../../contract/model/model'
import { rangesFromText, rangesText, type Recipe } from '../../contract/model/recipe'
import { isReservedName } from '../../contract/model/reserved-name'
import { readStored, storeText } from '../ui/browser-storage'
import { complaintOf, type Complaint } from '../ui/complaint'
import { BackgroundJob, progressOnly } from '../app/background-job.svelte'
import type { OfferedVariants } from '../recipes/offered-variants.svelte'
import { Latest } from '../app/latest.svelte'
import { doneShare } from '../app/window-job'
import type { OpenProject } from '../app/open-project.svelte'

interface LiveExport {
  recipe: string
  path: string
  progress: ExportProgress
}

interface ExportChoice {
  variant: Extract<Variant, { kind: 'recipe' }>
  origin: string
}

/** Origins of a choice that is no longer offered. */
const FORMER_ORIGINS: Readonly<Record<string, string>> = {
  'selected by the sweep': 'was selected when you chose it',
  'selected by the character task': 'was selected when you chose it',
  'kept recipe': 'not kept any more'
}

/** Rank of an adapter until the user chooses one. */
const DEFAULT_RANK = 64

type RankProgress = Extract<RankEvent, { type: 'progress' }>['progress']
type ServingState = Extract<ServingEvent, { type: 'progress' }>['progress']

/** Forms of an export: a folder with a whole model, a folder with an adapter, or a server that writes nothing. */
const FORMS = ['model', 'adapter', 'server'] as const

const FORM_STORED_AS = 'slr-export-form'

/** Key of the folder whose export the user dismissed, in the browser's storage. */
const DISMISSED_STORED_AS = 'slr-export-dismissed'

/** Pause before a plan, in milliseconds: a word may be typed meanwhile. */
const PLAN_MS = 300

/** Stands for the layers that the user types, instead of one of the offered recipes. */
export const TYPED = Symbol('typed range')

/** State of the Export view: recipe, folder, and the running or last export. */
export class ExportsState {
  /** The user's choice; null for the first offered one. */
  private choice = $state.raw<ExportChoice | typeof TYPED | null>(null)
  typed = $state('')
  /** Folder and name of the export; null until the user changes them. */
  private givenParent = $state.raw<string | null>(null)
  private givenName = $state.raw<string | null>(null)
  overwrite = $state(false)
  form = $state.raw(FORMS.find((form) => form === readStored(FORM_STORED_AS, 'session')) ?? 'model')
  port = $state(8000)
  rank = $state.raw(DEFAULT_RANK)
  private scoredRanks = $state.raw<Extract<RankEvent, { type: 'finished' }> | null>(null)
  plan = $state.raw<ExportPlan | null>(null)
  planFailure = $state.raw<Complaint | null>(null)
  result = $state.raw<ExportResult | null>(null)
  readonly job: BackgroundJob<ExportEvent, LiveExport>
  readonly ranks: BackgroundJob<RankEvent, RankProgress>
  readonly serving: BackgroundJob<ServingEvent, ServingState>

  private readonly offered = $derived.by<ExportChoice[]>(() =>
    this.variants.exported.flatMap(({ variant, origin }) => (variant.kind === 'recipe' ? [{ variant, origin }] : []))
  )
  /** The offered variant equal to the user's choice; undefined if there is none. */
  private readonly chosenNow = $derived.by(() => {
    const { choice } = this
    if (choice === null || choice === TYPED) return undefined
    return this.offered.find(({ variant }) => sameModel(variant, choice.variant))
  })
  /** The offered variants, and the user's choice even if it is no longer offered. */
  readonly choices = $derived.by<ExportChoice[]>(() => {
    const { choice, offered } = this
    if (choice === null || choice === TYPED || this.chosenNow !== undefined) return offered
    const taken = offered.map(({ variant }) => variant.name)
    const variant = { ...choice.variant, name: freeName(choice.variant.name, taken) }
    return [...offered, { variant, origin: FORMER_ORIGINS[choice.origin] ?? choice.origin }]
  })
  readonly chosen = $derived.by<ExportChoice | typeof TYPED>(() => {
    if (this.choice === TYPED) return TYPED
    return (this.choice === null ? this.choices[0] : (this.chosenNow ?? this.choices.at(-1))) ?? TYPED
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
    const adapter = this.form === 'adapter' ? '-adapter' : ''
    return `${post}-${this.recipe?.name ?? ''}${adapter}`.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/-+$/, '')
  })
  /** Says what a warning about the recipe means for the chosen form. */
  readonly doubtHint = $derived.by(() =>
    this.form === 'server' ? 'You can still serve it.' : 'You can still export it. The model card carries this warning.'
  )
  /** Reason why the name cannot be used for a folder; null if it can. */
  readonly nameProblem = $derived.by(() => {
    const name = this.name.trim()
    if (/[/\\]|^\.{1,2}$/.test(name))
      return 'Name one folder, without / or \\. Set the folders above it in “Write into”.'
    return isReservedName(name) ? 'Windows reserves this name. Enter another one.' : null
  })
  /** The rank that is requested; null for a model. */
  readonly adapterRank = $derived.by(() => (this.form === 'adapter' ? this.rank : null))
  /** The scores of ranks of the chosen recipe; null if they are not computed. */
  readonly rankTable = $derived.by(() =>
    this.form === 'adapter' &&
    this.recipe !== null &&
    this.scoredRanks !== null &&
    hasEqualWeights(this.recipe, this.scoredRanks.recipe)
      ? this.scoredRanks.table
      : null
  )
  readonly target = $derived.by(() => {
    const [parent, name] = [this.parent.trim(), this.name.trim()]
    return parent === '' || name === '' || this.nameProblem !== null ? null : `${parent.replace(/[/\\]+$/, '')}/${name}`
  })
  /** Asks for a plan by the name of the recipe. */
  private readonly planRequest = new Latest<string>(() => this.project.left)
  readonly planning = $derived.by(() => this.planRequest.awaited !== null)
  readonly live = $derived.by(() => this.job.live)
  readonly busy = $derived.by(() => this.job.busy)

  /** Reason why the model cannot be exported; null if it can. */
  readonly blocked = $derived.by(() => {
    const { state, connected } = this.project
    if (!connected) return NOT_CONNECTED
    if (this.project.modelsAway) return MODELS_AWAY
    if (state.pair?.compatible !== true) return 'The pair cannot be computed; see Models.'
    if (this.busy) return 'An export is running.'
    if (this.recipe === null) return 'Type layers such as 3-7, 5 or 3-7,9, each layer once.'
    if (this.form === 'server') return this.serving.busy ? 'The server is running.' : null
    if (this.nameProblem !== null) return this.nameProblem
    if (this.target === null) return 'Enter a folder name.'
    if (this.planning && this.plan === null) return 'Reading the models…'
    if (this.plan === null) return this.planFailure?.message ?? 'There is no plan yet.'
    if (this.plan.targetProblem !== null) return 'The folder cannot be written; see above.'
    if (this.plan.target?.exists === true && !this.overwrite) return 'The folder has a model already.'
    return null
  })

  /** @param variants the variants to choose from */
  constructor(
    private readonly project: OpenProject,
    private readonly variants: OfferedVariants
  ) {
    this.job = new BackgroundJob<ExportEvent, LiveExport>(project, {
      kind: 'export',
      holdsEngine: null,
      describeProgress: ({ progress: { bytesDone, bytesTotal, secondsLeft } }) => ({
        name: 'Export',
        share: doneShare(bytesDone, bytesTotal),
        secondsLeft
      }),
      calls: () => project.client.exports,
      advance: (live, event) => advanced(live, event),
      draw: (live) => live,
      ended: (ending) => {
        if (ending.type !== 'finished') return
        this.result = ending.result
        storeText(DISMISSED_STORED_AS, '', 'session')
      },
      idle: () => {
        this.overwrite = false
        void this.replan()
      }
    })
    this.ranks = new BackgroundJob<RankEvent, RankProgress>(project, {
      kind: 'ranks',
      holdsEngine: 'Ranks are being scored',
      describeProgress: ({ share }) => ({ name: 'Ranks', share: share ?? 0, secondsLeft: null }),
      calls: () => project.client.ranks,
      ...progressOnly<RankEvent, RankProgress>(),
      ended: (ending) => {
        if (ending.type === 'finished') this.scoredRanks = ending
      }
    })
    this.serving = new BackgroundJob<ServingEvent, ServingState>(project, {
      kind: 'serving',
      holdsEngine: null,
      describeProgress: () => null,
      calls: () => project.client.serving,
      ...progressOnly<ServingEvent, ServingState>(),
      ended: () => undefined
    })
  }

  /** Shows the last export, whose end this page may have missed. */
  async attach(): Promise<void> {
    const { here, client } = this.project
    const last = await this.project.attempt(() => client.exports.last(here))
    if (!this.busy && last?.path !== readStored(DISMISSED_STORED_AS, 'session')) this.result ??= last
  }

  dismissResult(): void {
    storeText(DISMISSED_STORED_AS, this.result?.path ?? '', 'session')
    this.result = null
  }

  setForm(form: (typeof FORMS)[number]): void {
    this.form = form
    storeText(FORM_STORED_AS, form, 'session')
    this.setOverwrite(false)
  }

  /** Returns why no ranks can be scored; null if they can. */
  readonly ranksBlocked = $derived.by(() => this.project.whyNot('score ranks', this.ranks))

  /** Scores the chosen recipe as adapters of several ranks. */
  async scoreRanks(): Promise<void> {
    const { recipe } = this
    if (recipe === null) return
    const { here, client } = this.project
    await this.ranks.begin(() => client.ranks.start({ ...here, recipe }))
  }

  choose(choice: ExportChoice | typeof TYPED): void {
    this.choice = choice
    this.job.failure = null
  }

  /** Chooses a kept recipe. @param id identifies the recipe */
  chooseKept(id: string): void {
    const choice = this.offered.find(({ variant }) => variant.kept?.id === id)
    if (choice !== undefined) this.choose(choice)
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

  /** Requests the plan of a changed choice after a pause. The failure of the last export stays. */
  async replan(): Promise<void> {
    // A plan would find no space or name beside the running export. One follows when it has ended.
    if (this.busy) return
    const { here, client, state } = this.project
    const { recipe, target, adapterRank } = this
    this.planFailure = null
    if (recipe === null || this.form === 'server' || state.pair?.compatible !== true) {
      this.planRequest.drop()
      this.plan = null
      return
    }
    try {
      const planned = await this.planRequest.ask(
        recipe.name,
        (signal) => client.exports.plan({ ...here, recipe, adapterRank, target }, { signal }),
        PLAN_MS
      )
      if (planned !== null) this.plan = planned.answer
    } catch (error) {
      this.plan = null
      if (this.project.connected) this.planFailure = complaintOf(error)
    }
  }

  async start(): Promise<void> {
    const { recipe, target, overwrite, adapterRank, port } = this
    if (recipe === null || this.blocked !== null) return
    const { here, client } = this.project
    if (this.form === 'server') {
      await this.serving.begin(() => client.serving.start({ ...here, recipe, port }))
      return
    }
    if (target === null) return
    this.result = null
    await this.job.begin(() => client.exports.start({ ...here, recipe, adapterRank, target, overwrite }))
  }
}

const hasEqualWeights = (a: Recipe, b: Recipe): boolean =>
  weightsKey({ kind: 'recipe', recipe: a }) === weightsKey({ kind: 'recipe', recipe: b })

function advanced(live: LiveExport | null, event: ExportEvent): LiveExport | null {
  if (event.type === 'snapshot') return { recipe: event.recipe, path: event.path, progress: event.progress }
  return event.type === 'progress' && live !== null ? { ...live, progress: event.progress } : live
}
