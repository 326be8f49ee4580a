import type { AnsweringModel, Model } from '../../../contract/model/model'
import type { GenerateRequest } from '../../../contract/procedures/engine'
import { baselineSampler, type MixedBaseline, needsBase } from '../../../contract/model/sampling-baseline'
import type { DrawSettings, Sampling } from '../../../contract/model/sampling'
import { mixedLogits } from '../rows/baseline-logits'
import { elementAt } from '../../../contract/model/look-up'

/** How answers of a requested model are drawn. Some models draw from the logits of other ones. */
export interface DrawnModel {
  /** Models whose logits are needed, as indices into {@link DrawnModels.singles}. */
  readonly parts: readonly number[]
  /** Sampler of the model, which replaces the requested settings. Null for the requested ones. */
  readonly sampler: Partial<DrawSettings> | null
  /** The mixed baseline. Null if tokens are drawn from the logits of the only part. */
  readonly mixed: MixedBaseline | null
}

export type SinglesRequest = Omit<GenerateRequest, 'models'> & { readonly models: Model[] }

export interface DrawnModels {
  readonly singles: Model[]
  readonly drawn: readonly DrawnModel[]
}

/** Lists the models to compute for requested ones. Post under another sampler needs one, a mix of base and post two. */
export function drawnModels(models: readonly AnsweringModel[]): DrawnModels {
  const singles: Model[] = []
  const drawn = models.map((model): DrawnModel => {
    const first = singles.length
    if (model.kind !== 'baseline') {
      singles.push(model.kind === 'few-shot' ? { kind: 'base' } : model)
      return { parts: [first], sampler: null, mixed: null }
    }
    const { baseline } = model
    if (!needsBase(baseline)) {
      singles.push({ kind: 'post' })
      return { parts: [first], sampler: baselineSampler(baseline), mixed: null }
    }
    singles.push({ kind: 'post' }, { kind: 'base' })
    return { parts: [first, first + 1], sampler: null, mixed: baseline }
  })
  return { singles, drawn }
}

export function samplingOfDraw({ sampler }: DrawnModel, requested: Sampling): DrawSettings {
  return sampler === null ? requested : { ...requested, ...sampler }
}

/** Returns the logits from which a token is drawn. @param partLogits logits of each part, [vocabulary] */
export function logitsToDraw({ mixed }: DrawnModel, partLogits: readonly Float32Array[]): Float32Array {
  const post = elementAt(partLogits, 0, 'part')
  if (mixed === null) return post
  const logits = new Float32Array(post.length)
  mixedLogits(mixed, post, elementAt(partLogits, 1, 'part'), logits)
  return logits
}
