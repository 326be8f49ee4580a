import type { AnsweringModel, Model } from '../../../contract/model/model'
import type { GenerateRequest } from '../../../contract/procedures/engine'
import type { Sampling } from '../../../contract/model/sampling'
import { type MixedRival, mixedLogits } from '../rows/rival-logits'
import { at } from '../../../contract/model/look-up'

/** How the answers of a model that was asked for are computed: from the rows of one model, or of two. */
export interface DrawnModel {
  /** Indices into {@link DrawnModels.singles}. */
  readonly parts: readonly number[]
  readonly sampling: Sampling
  /** Null where tokens are drawn from the logits of the one part. */
  readonly mixed: MixedRival | null
  /** Whether its tokens are drawn as the request says, from one model: a head can then draw them itself. */
  readonly plain: boolean
}

/** A request in which every model is one set of weights. */
export type SinglesRequest = Omit<GenerateRequest, 'models'> & { readonly models: Model[] }

/** What a request's models are computed from. */
export interface DrawnModels {
  /** Each has rows of its own; several may be the same weights, and then share blocks and prompts. */
  readonly singles: Model[]
  /** Parallel to the request's models. */
  readonly drawn: readonly DrawnModel[]
}

/** Post under another sampler takes one row an answer, base and post together two. */
export function drawnModels(models: readonly AnsweringModel[], sampling: Sampling): DrawnModels {
  const singles: Model[] = []
  const drawn = models.map((model): DrawnModel => {
    const first = singles.length
    if (model.kind !== 'rival') {
      singles.push(model)
      return { parts: [first], sampling, mixed: null, plain: true }
    }
    const { rival } = model
    if (rival.kind === 'sampler') {
      const { temperature, minP } = rival
      singles.push({ kind: 'post' })
      return { parts: [first], sampling: { ...sampling, temperature, minP }, mixed: null, plain: false }
    }
    singles.push({ kind: 'post' }, { kind: 'base' })
    return { parts: [first, first + 1], sampling, mixed: rival, plain: false }
  })
  return { singles, drawn }
}

/** The logits that a token is drawn from. @param ofParts of each part, [vocabulary] */
export function logitsToDraw({ mixed }: DrawnModel, ofParts: readonly Float32Array[]): Float32Array {
  const post = at(ofParts, 0, 'part')
  if (mixed === null) return post
  const logits = new Float32Array(post.length)
  mixedLogits(mixed, post, at(ofParts, 1, 'part'), logits)
  return logits
}
