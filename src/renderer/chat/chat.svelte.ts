import { SvelteMap } from 'svelte/reactivity'
import { z } from 'zod'
import type { PairId } from '../../contract/documents/project'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import { scoreIn } from '../../contract/documents/swept-model'
import type { SampleProgress, SampleSettings, Variant } from '../../contract/documents/samples'
import { rangeModel, type RestorationSource, sameModel, sweptRangeModel } from '../../contract/model/model'
import { freeName } from '../../contract/model/free-name'
import { mapGet } from '../../contract/model/look-up'
import { RestorationRange } from '../../contract/model/recipe'
import type { ChatEvent } from '../../contract/procedures/chat'
import type { VariantList } from '../answers/variant-list.svelte'
import type { OpenProject } from '../app/open-project.svelte'
import { StreamJob } from '../app/stream-job.svelte'
import { readStoredJson, storeText } from '../ui/browser-storage'
import { sameRecord } from '../ui/same-record'
import { doneShare } from '../app/window-job'
import type { KeptList } from '../recipes/kept-list.svelte'
import type { SamplePromptList } from '../samples/sample-prompts.svelte'
import type { SampleSetupState } from '../samples/sample-setup.svelte'
import { conversationOf, storedTurn, type Turn, TurnAnswers, turnFrom } from './conversation.svelte'

/** Column of the range that the sliders choose. Other columns have the key of a variant. */
export const RANGE_COLUMN = 'range'

/** State that the page stores for a reload. The project stores the turns. */
const StoredChat = z.object({
  draft: z.string(),
  range: RestorationRange.nullable(),
  asksRange: z.boolean(),
  chosen: z.array(z.string()),
  count: z.number().int().min(1).max(64)
})

export const ANSWER_COUNTS = [1, 4, 8, 16] as const

/** Pause before a moved range answers again, in milliseconds. */
const PAUSE_MS = 250

interface Needs {
  readonly ranges: {
    readonly selectedOfNewest: (RestorationRange & RestorationSource) | null
    readonly awaitsNewest: boolean
    readonly sweep: ShownSweep | null
  }
  readonly recipes: KeptList
  readonly variants: VariantList
  readonly prompts: SamplePromptList
  readonly setup: SampleSetupState
}

/** The conversation of the pair with several variants side by side. */
export class Chat {
  draft = $state('')
  turns = $state.raw<readonly Turn[]>([])
  /** True while finished answers of the running turn are being stored. */
  private isSavingFinished = false
  /** True once the stored turns are shown. */
  private isRead = $state(false)
  count = $state(4)
  /** Null until the user moves a slider. The default is the range that the newest sweep selected. */
  private movedRange = $state.raw<RestorationRange | null>(null)
  /** True if the range of the sliders is asked too. */
  private asksRange = $state(true)
  notices = $state.raw<readonly string[]>([])
  progress = $state.raw<SampleProgress | null>(null)
  /** True if the typed text is sent as soon as {@link loading} is null. */
  sendsWhenLoaded = $state(false)
  readonly job: StreamJob<ChatEvent>

  readonly layerCount = $derived.by(() => this.project.state.pair?.post.layerCount ?? 0)

  /** The last question to another pair of the project; null if none was asked, or this pair has a conversation. */
  private lastQuestionOfOtherPair = $state.raw<string | null>(null)
  readonly suggestedQuestion = $derived(this.turns.length === 0 ? this.lastQuestionOfOtherPair : null)

  readonly writable = $derived.by(() => this.project.writable)

  /** The range of the sliders. The pair may have been relocated to models with fewer layers. */
  readonly range = $derived.by<RestorationRange>(() => {
    const last = Math.max(0, this.layerCount - 1)
    const otherwise = { start: Math.floor(this.layerCount / 3), end: last }
    const { start, end } = this.movedRange ?? this.needs.ranges.selectedOfNewest ?? otherwise
    return this.layerCount === 0 ? { start, end } : { start: Math.min(start, last), end: Math.min(end, last) }
  })

  /** True while the sliders wait for the range that the newest sweep selected. */
  readonly awaitsRange = $derived.by(() => this.needs.ranges.awaitsNewest && this.movedRange === null)

  /** The model of the sliders. A moved range keeps the checkpoint that the newest sweep restores. */
  readonly rangeVariant = $derived.by<Extract<Variant, { kind: 'recipe' }>>(() => {
    const newest = this.needs.ranges.selectedOfNewest
    const { recipe } = newest === null ? rangeModel(this.range) : sweptRangeModel(this.range, newest)
    return { kind: 'recipe', name: recipe.name, recipe }
  })

  readonly rangeName = $derived.by(() => (this.awaitsRange ? 'the selected range' : this.rangeVariant.name))

  /** The asked variants. A listed one that equals the range of the sliders is asked once, as that range. */
  readonly variantsByColumn = $derived.by<ReadonlyMap<string, Variant>>(() => {
    const listed = this.needs.variants.chatted
      .map(({ key, entry }) => [key, entry.variant] as const)
      .filter(([, variant]) => !this.asksRange || !sameModel(variant, this.rangeVariant))
    if (!this.asksRange) return new SvelteMap(listed)
    const name = freeName(
      this.rangeVariant.name,
      listed.map(([, variant]) => variant.name)
    )
    return new SvelteMap<string, Variant>([...listed, [RANGE_COLUMN, { ...this.rangeVariant, name }]])
  })
  readonly columns = $derived([...this.variantsByColumn.keys()])

  /** Names the part of a question that is still being read; null when all parts are there. */
  readonly loading = $derived.by(() => {
    if (!this.isRead) return 'The conversation is being read.'
    if (this.asksRange && this.awaitsRange) return 'The selected range is being read.'
    return this.needs.setup.parsed === null ? 'The sampler settings are being read.' : null
  })

  /** Reason why no question can be asked; null if one can. */
  readonly blocked = $derived.by(() => {
    const blocked = this.project.whyNotAsk('ask again', this.job) ?? this.loading
    if (blocked !== null) return blocked
    if (this.settings === null) return 'Some settings of the sampler need attention.'
    return this.columns.length === 0 ? 'Choose at least one variant.' : null
  })

  readonly isKeptAsRecipe = $derived.by(() =>
    this.project.state.document.recipes.some(({ recipe }) => sameModel({ kind: 'recipe', recipe }, this.rangeVariant))
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
      describeProgress: () => ({
        name: 'Chat',
        share: doneShare(this.progress?.samplesDone ?? 0, this.progress?.samplesTotal ?? 1),
        secondsLeft: this.progress?.secondsLeft ?? null
      })
    })
    // A reload stops the answers that are being written. Their received parts are saved before.
    project.editing(async () => {
      if (this.job.busy) await this.saveTurn(this.turns.at(-1))
    })
    project.onChange(({ saved }, before) => {
      if (saved.conversation !== before.saved.conversation && this.isRead) void this.readTurns()
    })
  }

  /** Reads the conversation and the sampler's default settings, and restores what this page stores. */
  attach(): void {
    void this.needs.setup.attach()
    if (!this.isRead) void this.readTurns()
    this.sendsWhenLoaded = false
    const { path, here } = this.project
    const stored = StoredChat.safeParse(readStoredJson(storageKeyOf(path, here.pair), 'session')).data
    if (stored === undefined || this.draft !== '') return
    this.draft = stored.draft
    this.movedRange = stored.range
    this.asksRange = stored.asksRange
    this.count = stored.count
    this.needs.variants.chat(stored.chosen)
  }

  /** Shows the stored turns. While answers are written here, nothing is read: their end is saved, and read then. */
  private async readTurns(): Promise<void> {
    await this.project.saved()
    if (this.job.busy) return
    const turns = await this.project.attempt(() => this.project.client.chat.turns(this.project.here))
    if (turns !== null && !this.job.busy) {
      const turnsBefore = this.turns
      this.turns = turns.map((turn) => {
        const before = turnsBefore.find(({ id }) => id === turn.id)
        return before !== undefined && sameRecord(storedTurn(before), turn) ? before : turnFrom(turn)
      })
    }
    this.isRead = true
    if (this.turns.length === 0) await this.readOtherPairs()
  }

  private async readOtherPairs(): Promise<void> {
    const { path, here, state } = this.project
    for (const { id: pair } of state.pairs) {
      if (pair === here.pair || this.lastQuestionOfOtherPair !== null) continue
      const turns = await this.project.attempt(() => this.project.client.chat.turns({ path, pair }))
      this.lastQuestionOfOtherPair = turns?.at(-1)?.text ?? null
    }
  }

  async askSuggested(): Promise<void> {
    const question = this.suggestedQuestion
    if (question === null || this.blocked !== null) return
    this.turns = [newTurn(question)]
    await this.ask(this.columns)
  }

  askRange(asked: boolean): void {
    this.asksRange = asked
    this.answerLater()
  }

  /** Sends the typed text to all shown models. If a part of the question is loading, the text waits for it. */
  async send(): Promise<void> {
    const text = this.draft.trim()
    this.sendsWhenLoaded = text !== '' && this.loading !== null
    if (text === '' || this.blocked !== null) return
    this.draft = ''
    const turn = newTurn(text)
    this.turns = [...this.turns, turn]
    await this.ask(this.columns)
    if (this.job.failure?.code === 'bad-input' && this.draft === '') await this.takeBack(turn)
  }

  /** Puts the text of a refused question back into the field, to be changed there. */
  private async takeBack({ id, text }: Turn): Promise<void> {
    this.draft = text
    this.turns = this.turns.filter((turn) => turn.id !== id)
    const { client } = this.project
    await this.project.save((here) => client.chat.clear({ ...here, turns: [id] }))
  }

  async askAgain(): Promise<void> {
    if (this.blocked === null) await this.ask(this.columns)
  }

  chooseRange(range: RestorationRange): void {
    this.movedRange = range
    this.answerLater()
  }

  /** Has new and changed models answer the last turn, after a pause. */
  answerLater(): void {
    this.save()
    clearTimeout(this.pause)
    if (this.turns.length > 0) this.pause = setTimeout(() => void this.answerMissing(), PAUSE_MS)
  }

  private async answerMissing(): Promise<void> {
    if (this.project.left.aborted) return
    const answers = this.turns.at(-1)?.answers ?? {}
    const isMissing = (id: string): boolean => {
      const [variant, shown] = [this.variantsByColumn.get(id), answers[id]]
      return variant !== undefined && (shown === undefined || !sameModel(shown.variant, variant))
    }
    const columns = this.columns.filter((id) => isMissing(id) || answers[id]?.running === true)
    if (!columns.some(isMissing)) return
    // All unfinished answers come from the stream that ends here, so they are asked for again.
    if (this.job.busy) this.cancel()
    if (this.blocked === null) await this.ask(columns)
  }

  /** Stops answers that are being written or requested. Finished ones stay. */
  cancel(): void {
    clearTimeout(this.pause)
    if (!this.job.busy) return
    this.job.cancel()
    const turn = this.turns.at(-1)
    for (const answers of Object.values(turn?.answers ?? {})) if (answers) answers.running = false
    void this.saveTurn(turn)
  }

  pick(column: string, text: string): void {
    const answers = this.turns.at(-1)?.answers[column]
    if (answers === undefined) return
    answers.picked = text
    void this.saveTurn(this.turns.at(-1))
  }

  /** Begins a new conversation. Undo puts the cleared turns before the later ones. */
  async clear(): Promise<void> {
    this.cancel()
    const turns = this.turns.map(({ id }) => id)
    this.turns = []
    this.job.failure = null
    this.notices = []
    const { client } = this.project
    const done = await this.project.do('clear the chat', (here) => client.chat.clear({ ...here, turns }), {
      message: 'Cleared the chat'
    })
    if (!done) await this.readTurns()
  }

  async keepPrompt(text: string): Promise<void> {
    await this.needs.prompts.keep(text)
  }

  isKeptPrompt(text: string): boolean {
    return this.needs.prompts.holds(text)
  }

  /** Keeps the range as a recipe, with its score in the shown sweep. */
  async keepRange(): Promise<void> {
    const { sweep } = this.needs.ranges
    const score = sweep === null ? null : scoreIn(sweep, this.rangeVariant)
    await this.project.attempt(() => this.needs.recipes.keep(this.rangeVariant.recipe, score))
  }

  /** Stores draft and settings, which are not part of the conversation, in the browser. */
  save(): void {
    const { draft, movedRange: range, asksRange, count } = this
    const chosen = this.needs.variants.chatted.map(({ key }) => key)
    const stored: z.infer<typeof StoredChat> = { draft, range, asksRange, chosen, count }
    storeText(storageKeyOf(this.project.path, this.project.here.pair), JSON.stringify(stored), 'session')
  }

  /** Stores a turn while it is answered, so that a reload loses no finished answer. Saves do not queue up. */
  private async saveFinished(turn: Turn): Promise<void> {
    if (this.isSavingFinished) return
    this.isSavingFinished = true
    try {
      await this.saveTurn(turn)
    } finally {
      this.isSavingFinished = false
    }
  }

  private async saveTurn(turn: Turn | undefined): Promise<void> {
    const { client } = this.project
    if (turn === undefined || !this.writable) return
    const save = (): Promise<boolean> =>
      this.project.save((here) => client.chat.saveTurn({ ...here, turn: storedTurn(turn) }))
    // A turn that was cleared meanwhile is not written again.
    await this.project.keep(turn.id, async () => !this.turns.some(({ id }) => id === turn.id) || save())
  }

  private async ask(columns: readonly string[]): Promise<void> {
    const { settings } = this
    const turn = this.turns.at(-1)
    if (settings === null || turn === undefined) return
    this.questionCount += 1
    const fresh = columns.map((id) => ({
      id,
      answers: new TurnAnswers(mapGet(this.variantsByColumn, id, 'variant'), settings.sampleCount)
    }))
    for (const { answers } of fresh) answers.running = true
    const answers = {
      ...turn.answers,
      ...Object.fromEntries(fresh.map(({ id, answers }) => [id, answers]))
    }
    const askedTurn = { ...turn, answers }
    this.turns = [...this.turns.slice(0, -1), askedTurn]
    this.progress = null
    this.save()
    void this.saveTurn(askedTurn)
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
        for (const answer of event.answers) fresh[answer.column]?.answers.add(answer)
        if (event.answers.some(({ finish }) => finish !== null)) void this.saveFinished(askedTurn)
      }
    )
    for (const { answers } of fresh) answers.running = false
    if (this.turns.includes(askedTurn)) await this.saveTurn(askedTurn)
  }
}

const newTurn = (text: string): Turn => ({ id: crypto.randomUUID(), text, answers: {} })

const storageKeyOf = (path: string, pair: PairId): string => `slr-chat ${JSON.stringify([path, pair])}`
