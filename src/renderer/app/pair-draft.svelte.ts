import type { PairReport } from '../../contract/documents/pair'
import { modelNameFromPath } from '../../contract/model/called-after'
import { complaintOf, type Complaint } from '../ui/complaint'
import type { Client } from './connection'
import { Latest } from './latest.svelte'

/** Returns true if a folder's name looks like that of a post-trained model. */
const isPostTrained = (folder: string): boolean =>
  /(^|[-_. ])(instruct|chat|it|sft|dpo|rlhf|rlvr|thinking)([-_. ]|$)/i.test(modelNameFromPath(folder))

/** A pair that is being chosen. It is inspected once both folders are set. */
export class PairDraft {
  base = $state('')
  post = $state('')
  report = $state.raw<PairReport | null>(null)
  problem = $state.raw<Complaint | null>(null)
  private readonly inspecting = new Latest<{ base: string; post: string }>()
  private typedName = $state<string | null>(null)

  constructor(protected readonly connection: { readonly client: Client }) {}

  /** Name of the pair. It is derived from the post folder until the user types a name. */
  get name(): string {
    return this.typedName ?? (this.post === '' ? '' : modelNameFromPath(this.post))
  }

  set name(name: string) {
    this.typedName = name
  }

  /** Returns why the pair cannot be used; null if it can. */
  get unfit(): string | null {
    if ((this.base === '' || this.post === '') && this.problem === null) return 'Choose the folders of both models.'
    if (this.report === null) return this.problem === null ? 'Reading both…' : 'The models cannot be read; see above.'
    return this.report.compatible ? null : 'The models do not fit together; see above.'
  }

  /** True if the names of the folders suggest that base and post are exchanged. */
  get looksExchanged(): boolean {
    return isPostTrained(this.base) && this.post !== '' && !isPostTrained(this.post)
  }

  async exchange(): Promise<void> {
    const { base, post } = this
    this.base = post
    this.post = base
    await this.inspect()
  }

  async inspect(): Promise<void> {
    const { base, post } = this
    this.report = null
    this.problem = null
    this.inspecting.drop()
    if (base === '' && post === '') return
    // A single folder is inspected beside itself, so that its errors show at once.
    const folders = { base: base || post, post: post || base }
    try {
      const inspected = await this.inspecting.ask(folders, (signal) =>
        this.connection.client.pair.inspect(folders, { signal })
      )
      if (inspected !== null && base !== '' && post !== '') this.report = inspected.answer
    } catch (error) {
      this.problem = complaintOf(error)
    }
  }
}
