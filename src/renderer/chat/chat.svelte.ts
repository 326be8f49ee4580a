import { SvelteSet } from 'svelte/reactivity'
import { z } from 'zod'
import type { PairId } from '../../contract/documents/project'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import { scoreIn } from '../../contract/documents/swept-model'
import type { SampleProgress, SampleSettings, Variant } from '../../contract/documents/samples'
import { rangeModel, type Restoring, sameModel, sweptRangeModel } from '../../contract/model/model'
import { RestorationRange } from '../../contract/model/recipe'
import type { ChatEvent } from '../../contract/procedures/chat'
import type { OpenProject } from '../app/open-project.svelte'
import { StreamJob } from '../app/stream-job.svelte'
import { doneShare } from '../app/window-job'
import type { KeptList } from '../recipes/kept-list.svelte'
import type { SamplePromptList } from '../samples/sample-prompts.svelte'
import type { SampleSetupState } from '../samples/sample-setup.svelte'
import {
  TurnAnswers,
  type ColumnId,
  COLUMNS,
  conversationOf,
  keptTurn,
  KeptTurn,
  turnFrom
} from './conversation.svelte'
import type { Turn } from './conversation.svelte'

/** Third model of a conversation: a range of layers, or a kept recipe by its id. */
export const ChatChoice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('range'), range: RestorationRange }),
  z.object({ kind: z.literal('kept'), id: z.string() })
])
export type ChatChoice = z.infer<typeof ChatChoice>

/** A conversation as the page stores it for a reload. */
const StoredChat = z.object({
  draft: z.string(),
  turns: z.array(KeptTurn),
  choice: ChatChoice.nullable(),
  count: z.number().int().min(1).max(64),
  leftOut: z.array(z.enum(COLUMNS))
})
type StoredChat = z.infer<typeof StoredChat>

/** Numbers of answers that each model can be asked for. */
export const ANSWER_COUNTS = [1, 4, 8, 16] as const

/** Pause before a moved range answers again, in milliseconds. */
const PAUSE_MS = 250

interface Needs {
  readonly ranges: {
    readonly selectedOfNewest: (RestorationRange & Restoring) | null
    readonly awaitsNewest: boolean
    readonly sweep: ShownSweep | null
  }
  readonly recipes: KeptList
  readonly prompts: SamplePromptList
  /** The sampler's settings. */
  readonly setup: SampleSetupState
}

/** A conversation with base, post and a recipe side by side. Each pair has one, which only this page stores. */
export class Chat {
  draft = $state('')
  turns = $state.raw<readonly Turn[]>([])
  /** Number of answers of each model to each turn. */
  count = $state(4)
  /** Null until the user chooses. The default is the range that the newest sweep selected. */
  private chosen = $state.raw<ChatChoice | null>(null)
  private readonly leftOut = new SvelteSet<ColumnId>()
  notices = $state.raw<readonly string[]>([])
  progress = $state.raw<SampleProgress | null>(null)
  /** True if the typed text is sent as soon as {@link loading} is null. */
  sendsWhenLoaded = $state(false)
  /** True if the page cannot store the conversation, so a reload would lose it. */
  tooLong = $state(false)
  readonly job: StreamJob<ChatEvent>

  readonly layerCount = $derived.by(() => this.project.state.pair?.post.layerCount ?? 0)

  /** The last question to another pair of the project; null if none was asked, or this pair has a conversation. */
  private lastQuestionElsewhere = $state.raw<string | null>(null)
  readonly suggestedQuestion = $derived(this.turns.length === 0 ? this.lastQuestionElsewhere : null)

  /** The last range of the sliders, before a kept recipe was chosen. */
  private lastRange = $state.raw<RestorationRange>({ start: 0, end: 0 })

  readonly writable = $derived.by(() => this.project.writable)

  /** The user's choice limited to what the pair has: no removed recipe, and no layer after the last. */
  private readonly validChoice = $derived.by<ChatChoice | null>(() => {
    const { chosen, layerCount } = this
    if (chosen?.kind === 'kept') {
      return this.project.state.document.recipes.some(({ id }) => id === chosen.id) ? chosen : null
    }
    // The pair may have been relocated to models with fewer layers.
    if (chosen === null || layerCount === 0 || chosen.range.end < layerCount) return chosen
    const end = layerCount - 1
    return { kind: 'range', range: { start: Math.min(chosen.range.start, end), end } }
  })

  readonly choice = $derived.by<ChatChoice>(() => {
    if (this.validChoice !== null) return this.validChoice
    const last = Math.max(0, this.layerCount - 1)
    const otherwise = { start: Math.floor(this.layerCount / 3), end: last }
    return { kind: 'range', range: this.needs.ranges.selectedOfNewest ?? otherwise }
  })

  /** True while the third column waits for the range that the newest sweep selected. */
  readonly awaitsRange = $derived.by(() => this.needs.ranges.awaitsNewest && this.validChoice === null)

  /** The model of the third column. */
  readonly recipe = $derived.by<Extract<Variant, { kind: 'recipe' }>>(() => {
    const { choice } = this
    const keptRecipe =
      choice.kind === 'kept'
        ? this.project.state.document.recipes.find(({ id }) => id === choice.id)
        : undefined
    if (keptRecipe !== undefined) {
      const { id, mark, recipe } = keptRecipe
      return { kind: 'recipe', name: recipe.name, recipe, kept: { id, mark } }
    }
    const range = choice.kind === 'range' ? choice.range : { start: 0, end: 0 }
    // A moved range keeps the checkpoint that the newest sweep restores.
    const newest = this.needs.ranges.selectedOfNewest
    const { recipe } = newest === null ? rangeModel(range) : sweptRangeModel(range, newest)
    return { kind: 'recipe', name: recipe.name, recipe }
  })

  readonly columns = $derived(COLUMNS.filter((id) => !this.leftOut.has(id)))

  /** Names the part of a question that is still being read; null when all parts are there. */
  readonly loading = $derived.by(() => {
    if (this.awaitsRange) return 'The selected range is being read.'
    return this.needs.setup.parsed === null ? 'The sampler settings are being read.' : null
  })

  /** Returns why nothing can be asked; null if it can. */
  readonly blocked = $derived.by(() => {
    const blocked = this.project.whyNotAsk('ask again', this.job) ?? this.loading
    if (blocked !== null) return blocked
    if (this.settings === null) return 'Some settings of the sampler need attention.'
    return this.columns.length === 0 ? 'Choose at least one model.' : null
  })

  readonly isKept = $derived.by(() =>
    this.project.state.document.recipes.some(({ recipe }) =>
      sameModel({ kind: 'recipe', recipe }, this.recipe)
    )
  )

  private readonly settings = $derived.by<SampleSettings | null>(() => {
    const settings = this.needs.setup.parsed?.settings ?? null
    if (settings === null) return null
    const sampleCount = settings.sampling.temperature === 0 ? 1 : this.count
    return { ...settings, sampleCount }
  })

  /** Number of questions so far, which sets the seed of the next one. */
  private questionCount = 0
  private pause: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly project: OpenProject,
    private readonly needs: Needs
  ) {
    this.job = new StreamJob<ChatEvent>(project, {
      kind: null,
      holdsEngine: 'Models are answering in the chat',
      tell: () => ({
        name: 'Chat',
        share: doneShare(this.progress?.samplesDone ?? 0, this.progress?.samplesTotal ?? 1),
        secondsLeft: this.progress?.secondsLeft ?? null
      })
    })
  }

  /** Restores the pair's conversation from this page's storage, and loads the sampler's default settings. */
  attach(): void {
    void this.needs.setup.attach()
    this.sendsWhenLoaded = false
    this.lastQuestionElsewhere = this.questionToOtherPair()
    if (this.turns.length > 0 || this.draft !== '') return
    const stored = storedChat(sessionStorage.getItem(this.storageKey)) ?? this.adoptProjectChat()
    if (stored === null) return
    this.draft = stored.draft
    this.turns = stored.turns.map(turnFrom)
    this.chosen = stored.choice
    this.count = stored.count
    for (const id of stored.leftOut) this.leftOut.add(id)
  }

  private get storageKey(): string {
    return storageKeyOf(this.project.path, this.project.here.pair)
  }

  /**
   * Adopts a conversation that an earlier version stored for the whole project. It belongs to the pair whose kept
   * recipe it names, else to the first pair.
   */
  private adoptProjectChat(): StoredChat | null {
    const key = `slr-chat ${this.project.path}`
    const stored = storedChat(sessionStorage.getItem(key))
    if (stored === null) return null
    const { pairs, document } = this.project.state
    const { choice } = stored
    const hasRecipe = choice?.kind === 'kept' && document.recipes.some(({ id }) => id === choice.id)
    if (!hasRecipe && pairs[0]?.id !== document.id) return null
    sessionStorage.removeItem(key)
    return stored
  }

  private questionToOtherPair(): string | null {
    const { path, here, state } = this.project
    for (const { id } of state.pairs) {
      if (id === here.pair) continue
      const question = storedChat(sessionStorage.getItem(storageKeyOf(path, id)))?.turns.at(-1)?.text
      if (question !== undefined) return question
    }
    return null
  }

  /** Asks this pair the last question to another pair. */
  async askSuggested(): Promise<void> {
    const question = this.suggestedQuestion
    if (question === null || this.blocked !== null) return
    this.turns = [{ text: question, answers: {} }]
    await this.ask(this.columns)
  }

  isShown(column: ColumnId): boolean {
    return !this.leftOut.has(column)
  }

  show(column: ColumnId, shown: boolean): void {
    if (shown) this.leftOut.delete(column)
    else this.leftOut.add(column)
    this.save()
  }

  /** Returns the name of a column's model. */
  nameOf(column: ColumnId): string {
    if (column !== 'recipe') return column
    return this.awaitsRange ? 'the selected range' : this.recipe.name
  }

  /** Sends the typed text to all shown models. If a part of the question is loading, the text waits for it. */
  async send(): Promise<void> {
    const text = this.draft.trim()
    this.sendsWhenLoaded = text !== '' && this.loading !== null
    if (text === '' || this.blocked !== null) return
    this.draft = ''
    this.turns = [...this.turns, { text, answers: {} }]
    await this.ask(this.columns)
  }

  /** Asks for new answers to the last turn. */
  async again(): Promise<void> {
    if (this.blocked === null) await this.ask(this.columns)
  }

  get range(): RestorationRange {
    return this.choice.kind === 'range' ? this.choice.range : this.lastRange
  }

  chooseRange(range: RestorationRange): void {
    this.lastRange = range
    this.choose({ kind: 'range', range })
  }

  /** Chooses the third model. After a pause it answers the last turn. */
  choose(choice: ChatChoice): void {
    if (choice.kind === 'kept') this.lastRange = this.range
    this.chosen = choice
    this.save()
    clearTimeout(this.pause)
    if (this.turns.length > 0) this.pause = setTimeout(() => void this.answerByRecipe(), PAUSE_MS)
  }

  private async answerByRecipe(): Promise<void> {
    if (this.project.left.aborted) return
    const answers = this.turns.at(-1)?.answers ?? {}
    // All unfinished answers come from the stream that ends here, so they are asked for again.
    const unfinished = COLUMNS.filter((id) => id !== 'recipe' && answers[id]?.running)
    if (unfinished.length > 0) this.cancel()
    const columns = this.columns.filter((id) => id === 'recipe' || unfinished.includes(id))
    this.job.cancel()
    if (this.blocked === null && columns.includes('recipe')) await this.ask(columns)
  }

  /** Stops answers that are being written or requested. Finished ones stay. */
  cancel(): void {
    clearTimeout(this.pause)
    this.job.cancel()
    this.finish()
  }

  /** Continues the conversation with an answer to the last turn. */
  pick(column: ColumnId, text: string): void {
    const answers = this.turns.at(-1)?.answers[column]
    if (answers === undefined) return
    answers.picked = text
    this.save()
  }

  /** Begins a new conversation. Undo puts the cleared turns before the later ones, redo removes them again. */
  clear(): void {
    let cleared = this.turns
    const removeCleared = (): void => {
      this.cancel()
      cleared = this.turns.slice(0, cleared.length)
      this.turns = this.turns.slice(cleared.length)
      this.save()
    }
    removeCleared()
    this.job.failure = null
    this.notices = []
    this.project.history.record({
      what: 'clear the chat',
      message: 'Cleared the chat',
      undo: () => {
        this.turns = [...cleared, ...this.turns]
        this.save()
      },
      redo: removeCleared
    })
  }

  async keepPrompt(text: string): Promise<void> {
    await this.needs.prompts.keep(text)
  }

  isKeptPrompt(text: string): boolean {
    return this.needs.prompts.holds(text)
  }

  /** Keeps the recipe with its score in the shown sweep. */
  async keepRecipe(): Promise<void> {
    const { choice, recipe } = this
    if (choice.kind !== 'range') return
    const { sweep } = this.needs.ranges
    const score = sweep === null ? null : scoreIn(sweep, recipe)
    await this.project.attempt(() => this.needs.recipes.keep(recipe.recipe, score))
  }

  /** Stores the draft and the conversation for a reload. */
  save(): void {
    const { draft, turns, chosen: choice, count } = this
    const stored: StoredChat = {
      draft,
      turns: turns.map(keptTurn),
      choice,
      count,
      leftOut: [...this.leftOut]
    }
    try {
      sessionStorage.setItem(this.storageKey, JSON.stringify(stored))
      this.tooLong = false
    } catch (error) {
      if (!(error instanceof DOMException)) throw error
      this.tooLong = true
    }
  }

  private async ask(columns: readonly ColumnId[]): Promise<void> {
    const { settings } = this
    const turn = this.turns.at(-1)
    if (settings === null || turn === undefined) return
    this.questionCount += 1
    const fresh = columns.map((id) => ({
      id,
      answers: new TurnAnswers(this.variantOf(id), settings.sampleCount)
    }))
    for (const { answers } of fresh) answers.running = true
    const answers = {
      ...turn.answers,
      ...Object.fromEntries(fresh.map(({ id, answers }) => [id, answers]))
    }
    this.turns = [...this.turns.slice(0, -1), { ...turn, answers }]
    this.progress = null
    this.save()
    const { here, client } = this.project
    const question = {
      ...here,
      settings: { ...settings, seed: settings.seed + this.questionCount - 1 },
      columns: fresh.map(({ id, answers }) => ({
        variant: answers.variant,
        turns: conversationOf(this.turns, id)
      }))
    }
    await this.job.run(
      (signal) => client.chat.answer(question, { signal }),
      (event) => {
        if (event.type === 'finished') return
        this.progress = event.progress ?? this.progress
        if (event.notices.length > 0) this.notices = event.notices
        for (const answer of event.answers) fresh[answer.column]?.answers.take(answer)
        if (event.answers.some(({ finish }) => finish !== null)) this.save()
      }
    )
    for (const { answers } of fresh) answers.running = false
    this.save()
  }

  private variantOf(column: ColumnId): Variant {
    return column === 'recipe' ? this.recipe : { kind: column, name: column }
  }

  /** Marks all answers as complete. */
  private finish(): void {
    for (const answers of Object.values(this.turns.at(-1)?.answers ?? {})) answers.running = false
    this.save()
  }
}

const storageKeyOf = (path: string, pair: PairId): string => `slr-chat ${JSON.stringify([path, pair])}`

function storedChat(stored: string | null): StoredChat | null {
  if (stored === null) return null
  try {
    return StoredChat.safeParse(JSON.parse(stored)).data ?? null
  } catch {
    return null
  }
}
