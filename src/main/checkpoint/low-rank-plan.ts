import type { LayerStrength } from '../../contract/model/recipe'
import { elementAt } from '../../contract/model/look-up'
import type { LowRankAdapter } from '../../contract/procedures/export'
import { inputError, unsupportedError } from '../../contract/model/problem'
import type { AdapterConfig } from './adapter-config'
import { DTYPE_BYTES, elementCount, type WeightDtype, weightDtype } from './dtype'
import { membersOf, type SourcedPair, sourceMember, wholeModelAdvice } from './pair-member'
import { restoredTensors } from './restored-tensor'
import { safetensorsHeader, type StoredTensor, type TensorEntry } from './safetensors'

/** A tensor of post that a recipe restores. */
export interface ChangedTensor {
  readonly name: string
  readonly post: TensorEntry
  readonly dtype: WeightDtype
  /** Share of the restored weights in a blend: 0 is post, 1 is the layer's source. */
  readonly strength: number
  readonly layer: LayerStrength
}

/** The tensors of a LoRA adapter on post whose merged model approximates a restored model. */
export interface LowRankPlan {
  /** Weights of linear modules, whose difference from post becomes two factors. */
  readonly factored: readonly ChangedTensor[]
  /** Norms and biases, which an adapter can only store whole. */
  readonly whole: readonly ChangedTensor[]
  /** Rank at which an adapter is exact: the shorter side of the largest weight. */
  readonly fullRank: number
}

/** Returns the first layer whose experts change, of which no adapter on post is written; -1 for none. */
export const changedExperts = ({ post: { spec } }: SourcedPair, strengths: readonly LayerStrength[]): number =>
  strengths.findIndex(({ mlp }, layer) => mlp !== 0 && elementAt(spec.layers, layer, 'layer').experts !== null)

/** Plans a restoration as an adapter. @throws WorkbenchError `unsupported` if post is an adapter or experts change */
export function planLowRank(pair: SourcedPair, strengths: readonly LayerStrength[]): LowRankPlan {
  const { checkpoint } = pair.post
  const advice = wholeModelAdvice(membersOf(pair))
  if (checkpoint.adapter !== null)
    throw unsupportedError(
      `${checkpoint.path} is an adapter itself.`,
      'Leave --rank out, to write the remaining part of it.'
    )
  const changed = [...restoredTensors(pair.post, strengths)].flatMap(([name, { strength, layer }]) => {
    const post = checkpoint.tensors.get(name)
    // Optional tensors, such as biases, may be missing in post and in the source.
    if (post === undefined || !sourceMember(pair, layer).checkpoint.tensors.has(name)) return []
    return [{ name, post, dtype: weightDtype(post), strength, layer }]
  })
  const experts = changedExperts(pair, strengths)
  if (experts !== -1)
    throw unsupportedError(`Layer ${experts} has experts, which PEFT and servers load in different ways.`, advice)
  const factored = changed.filter(({ post }) => post.shape.length === 2)
  if (factored.length === 0) throw unsupportedError('The model restores no weight of a linear module.', advice)
  return {
    factored,
    whole: changed.filter(({ post }) => post.shape.length !== 2),
    fullRank: Math.max(...factored.map(({ post }) => Math.min(...post.shape)))
  }
}

/** Lists the tensors of the adapter's file. @throws WorkbenchError `bad-input` for a rank above the full one */
export function lowRankTensors(
  { factored, whole, fullRank }: LowRankPlan,
  { rank, savesNormsAndBiases }: LowRankAdapter
): Omit<StoredTensor, 'file' | 'offset'>[] {
  if (rank > fullRank) {
    throw inputError(
      `The rank is ${rank}, but the largest restored weight has the full rank ${fullRank}.`,
      `Give a rank from 1 to ${fullRank}.`
    )
  }
  return [
    ...factored.flatMap(({ post, dtype }) => {
      const [rows, columns] = [elementAt(post.shape, 0, 'size'), elementAt(post.shape, 1, 'size')]
      const module = `base_model.model.${moduleOf(post.name)}`
      return [
        unplacedTensor(`${module}.lora_A.weight`, dtype, [rank, columns]),
        unplacedTensor(`${module}.lora_B.weight`, dtype, [rows, rank])
      ]
    }),
    ...(savesNormsAndBiases ? whole : []).map(({ post, dtype }) =>
      unplacedTensor(wholeName(post.name, factored), dtype, post.shape)
    )
  ]
}

/** Encodes the header of the adapter's safetensors file. */
export const lowRankHeader = (plan: LowRankPlan, adapter: LowRankAdapter): Uint8Array =>
  safetensorsHeader(lowRankTensors(plan, adapter))

/** Describes a tensor that has no place in a file yet. */
function unplacedTensor(
  name: string,
  dtype: WeightDtype,
  shape: readonly number[]
): Omit<StoredTensor, 'file' | 'offset'> {
  return { name, dtype, shape: [...shape], byteLength: elementCount(shape) * DTYPE_BYTES[dtype] }
}

/** Returns the module of a stored tensor. Packed weights have names such as `qweight` and `weight_packed`. */
const moduleOf = (name: string): string => name.replace(/\.(?:q?weight|weight_packed|bias)$/, '')

/** Names a tensor that is stored whole. PEFT keeps the bias of a module with factors in the part `base_layer`. */
function wholeName(name: string, factored: readonly ChangedTensor[]): string {
  const module = moduleOf(name)
  const isInside = factored.some(({ post }) => moduleOf(post.name) === module)
  return `base_model.model.${module}${isInside ? '.base_layer' : ''}${name.slice(module.length)}`
}

/**
 * Returns the adapter_config.json of the adapter. The scale of the product B·A is 1, because `lora_alpha` is the rank.
 *
 * @param post name or path of the model that the adapter changes
 */
export function lowRankConfig(
  plan: LowRankPlan,
  { rank, savesNormsAndBiases }: LowRankAdapter,
  post: string
): AdapterConfig {
  const factored = plan.factored.map((tensor) => moduleOf(tensor.post.name))
  const whole = new Set(plan.whole.map((tensor) => moduleOf(tensor.post.name)))
  const saved = [...whole].filter((module) => !factored.includes(module)).sort()
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: post,
    r: rank,
    lora_alpha: rank,
    lora_dropout: 0,
    target_modules: factored.sort(),
    modules_to_save: savesNormsAndBiases && saved.length > 0 ? saved : null,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
    inference_mode: true
  }
}
