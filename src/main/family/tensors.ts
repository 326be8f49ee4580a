import type { DecoderSpec } from './decoder-spec'
import type { Component, LayerHalf } from '../../contract/model/recipe'
import type { Experts } from './experts'
import { moduleNames, type Family, type NormPlace } from './family'
import { elementAt } from '../../contract/model/look-up'

/** Which half of a decoder layer a tensor belongs to: recipes set a strength for each (see the contract's LayerStrength). */
export type Half = LayerHalf

/** A tensor by its canonical name, `model.…` or `lm_head.weight`. */
export interface TensorSpec {
  readonly name: string
  readonly shape: readonly number[]
}

/** The norm at each place of a layer; also the names of their weights. */
export const NORM_ROLES = {
  beforeAttention: 'normBeforeAttention',
  afterAttention: 'normAfterAttention',
  beforeMlp: 'normBeforeMlp',
  afterMlp: 'normAfterMlp'
} as const satisfies Record<NormPlace, string>
type NormRole = (typeof NORM_ROLES)[NormPlace]

/** What a tensor does inside a layer; also the name of its input in the block graph. */
export type Role =
  | NormRole
  | `${NormRole}Bias`
  | 'q'
  | 'k'
  | 'v'
  | 'qkv'
  | 'qBias'
  | 'kBias'
  | 'vBias'
  | 'qkvBias'
  | 'qNorm'
  | 'kNorm'
  | 'o'
  | 'oBias'
  | 'gate'
  | 'up'
  | 'gateUp'
  | 'gateBias'
  | 'upBias'
  | 'down'
  | 'downBias'
  | 'alphaP'
  | 'alphaN'
  | 'router'

/** What each tensor holds of a half's components: a fused one of several. A bias goes with its weight. */
const COMPONENTS_OF: Readonly<Record<Role, readonly Component[]>> = {
  normBeforeAttention: ['norms'],
  normBeforeAttentionBias: ['norms'],
  normAfterAttention: ['norms'],
  normAfterAttentionBias: ['norms'],
  normBeforeMlp: ['norms'],
  normBeforeMlpBias: ['norms'],
  normAfterMlp: ['norms'],
  normAfterMlpBias: ['norms'],
  qNorm: ['norms'],
  kNorm: ['norms'],
  q: ['q'],
  k: ['k'],
  v: ['v'],
  qkv: ['q', 'k', 'v'],
  qBias: ['q'],
  kBias: ['k'],
  vBias: ['v'],
  qkvBias: ['q', 'k', 'v'],
  o: ['o'],
  oBias: ['o'],
  gate: ['gate'],
  gateBias: ['gate'],
  up: ['up'],
  upBias: ['up'],
  gateUp: ['gate', 'up'],
  // The activation's own parameters, between up and down.
  alphaP: ['up'],
  alphaN: ['up'],
  down: ['down'],
  downBias: ['down'],
  router: ['router']
}

export interface LayerTensorSpec extends TensorSpec {
  readonly role: Role
  /** Which expert's it is; null for what every row goes through. */
  readonly expert: number | null
  readonly components: readonly Component[]
  readonly half: Half
}

/** A tensor of a layer without the layer's number. */
type Part = Pick<LayerTensorSpec, 'role' | 'name' | 'shape'>

/** All tensors of one decoder layer. Projections are stored [out, in]. */
export function layerTensors(spec: DecoderSpec, layer: number): LayerTensorSpec[] {
  const { experts } = elementAt(spec.layers, layer, 'layer')
  const count = experts === null ? 0 : experts.count
  return [
    ...sharedTensors(spec, layer),
    ...Array.from({ length: count }, (_, expert) => expertTensors(spec, layer, expert)).flat()
  ]
}

/** Those of each layer of a model, as far as they were asked for: a sweep's plan asks thousands of times. */
const knownShared = new WeakMap<DecoderSpec, Map<number, readonly LayerTensorSpec[]>>()

/** Those that every row goes through: all of them, but for experts. */
export function sharedTensors(spec: DecoderSpec, layer: number): readonly LayerTensorSpec[] {
  const known = knownShared.get(spec) ?? new Map<number, readonly LayerTensorSpec[]>()
  knownShared.set(spec, known)
  const tensors = known.get(layer) ?? listShared(spec, layer)
  known.set(layer, tensors)
  return tensors
}

function listShared(spec: DecoderSpec, layer: number): LayerTensorSpec[] {
  const { experts } = elementAt(spec.layers, layer, 'layer')
  return [
    ...inLayer(layer, 'attention', null, attentionTensors(spec)),
    ...inLayer(layer, 'mlp', null, experts === null ? mlpTensors(spec) : routerTensors(spec, experts))
  ]
}

/** Those of one expert of a layer that has experts. */
export function expertTensors(spec: DecoderSpec, layer: number, expert: number): LayerTensorSpec[] {
  const { experts } = elementAt(spec.layers, layer, 'layer')
  if (experts === null) throw new RangeError(`layer ${layer} has no experts`)
  const names = moduleNames(spec.family)
  const named = (name: string): string => `${names.experts}.${expert}.${name}`
  return inLayer(layer, 'mlp', expert, [
    ...linear('gate', 'gateBias', named(names.expertGate), experts.size, spec.hiddenSize, false),
    ...linear('up', 'upBias', named(names.expertUp), experts.size, spec.hiddenSize, false),
    ...linear('down', 'downBias', named(names.expertDown), spec.hiddenSize, experts.size, false)
  ])
}

function inLayer(
  layer: number,
  half: Half,
  expert: number | null,
  parts: readonly Part[]
): LayerTensorSpec[] {
  return parts.map((part) => ({
    ...part,
    half,
    expert,
    components: COMPONENTS_OF[part.role],
    name: `model.layers.${layer}.${part.name}`
  }))
}

function attentionTensors(spec: DecoderSpec): Part[] {
  const { family, hiddenSize, headSize } = spec
  const names = moduleNames(family)
  const qSize = spec.headCount * headSize
  const kvSize = spec.kvHeadCount * headSize
  const projections: Part[] =
    family.attention === 'separate'
      ? [
          ...linear('q', 'qBias', names.q, qSize, hiddenSize, spec.qkvBias),
          ...linear('k', 'kBias', names.k, kvSize, hiddenSize, spec.qkvBias),
          ...linear('v', 'vBias', names.v, kvSize, hiddenSize, spec.qkvBias)
        ]
      : linear('qkv', 'qkvBias', names.qkv, qSize + 2 * kvSize, hiddenSize, spec.qkvBias)
  return [
    ...norm(spec, 'beforeAttention'),
    ...projections.filter(({ shape }) => shape.length > 1),
    ...projections.filter(({ shape }) => shape.length === 1),
    ...headNorm(spec, 'qNorm', spec.headCount),
    ...headNorm(spec, 'kNorm', spec.kvHeadCount),
    ...linear('o', 'oBias', names.o, hiddenSize, qSize, spec.outputBias),
    ...norm(spec, 'afterAttention')
  ]
}

function headNorm({ family, qkNorm, headSize }: DecoderSpec, role: 'qNorm' | 'kNorm', heads: number): Part[] {
  if (qkNorm === 'none') return []
  const shape = { head: [headSize], projection: [heads * headSize], eachHead: [heads, headSize] }[qkNorm]
  return [{ role, name: `${moduleNames(family)[role]}.weight`, shape }]
}

function mlpTensors(spec: DecoderSpec): Part[] {
  const { family, hiddenSize, intermediateSize, mlpBias } = spec
  const names = moduleNames(family)
  const inner: Part[] = {
    gated: [
      ...linear('gate', 'gateBias', names.gate, intermediateSize, hiddenSize, mlpBias),
      ...linear('up', 'upBias', names.up, intermediateSize, hiddenSize, mlpBias)
    ],
    fused: [
      { role: 'gateUp' as const, name: `${names.gateUp}.weight`, shape: [2 * intermediateSize, hiddenSize] }
    ],
    plain: linear('up', 'upBias', names.up, intermediateSize, hiddenSize, mlpBias)
  }[family.mlp]
  return [
    ...norm(spec, 'beforeMlp'),
    ...inner,
    ...(spec.activation === 'xielu'
      ? [
          { role: 'alphaP' as const, name: 'mlp.act_fn.alpha_p', shape: [1] },
          { role: 'alphaN' as const, name: 'mlp.act_fn.alpha_n', shape: [1] }
        ]
      : []),
    ...linear('down', 'downBias', names.down, hiddenSize, intermediateSize, mlpBias),
    ...norm(spec, 'afterMlp')
  ]
}

/** What stands in the place of the MLP's own where a layer has experts. */
function routerTensors(spec: DecoderSpec, { count }: Experts): Part[] {
  const { router } = moduleNames(spec.family)
  return [
    ...norm(spec, 'beforeMlp'),
    { role: 'router' as const, name: `${router}.weight`, shape: [count, spec.hiddenSize] }
  ]
}

function linear(
  role: Role,
  biasRole: Role,
  name: string,
  out: number,
  into: number,
  biased: boolean
): Part[] {
  const weight = { role, name: `${name}.weight`, shape: [out, into] }
  return biased ? [weight, { role: biasRole, name: `${name}.bias`, shape: [out] }] : [weight]
}

/** The norm before a sublayer, as a place whose norm a layer has: attention's where parallel sublayers share one. */
export function normBefore({ family, parallel }: DecoderSpec, half: Half): NormPlace {
  return half === 'attention' || (parallel && family.sharedNorm) ? 'beforeAttention' : 'beforeMlp'
}

function norm(spec: DecoderSpec, place: NormPlace): Part[] {
  const { family, hiddenSize } = spec
  const shared = place === 'beforeMlp' && normBefore(spec, 'mlp') !== place
  const name = shared ? undefined : family.norms[place]
  if (name === undefined) return []
  const role = NORM_ROLES[place]
  return normParts(family).map((part) => ({
    role: part === 'weight' ? role : (`${role}Bias` as const),
    name: `${name}.${part}`,
    shape: [hiddenSize]
  }))
}

/** What a norm stores. */
function normParts({ normKind }: Family): ('weight' | 'bias')[] {
  if (normKind === 'layerWithoutWeight') return []
  return normKind === 'layerWithBias' ? ['weight', 'bias'] : ['weight']
}

/** A tensor of a layer as a model held for generating has it: the rows of its parts, one after the other. */
export interface HeldTensorSpec {
  readonly role: Role
  readonly shape: readonly number[]
  readonly parts: readonly Role[]
}

/** With few rows a product costs its call as much as its work, so that one of the three together takes less time. */
const JOINED: readonly { readonly role: Role; readonly parts: readonly Role[] }[] = [
  { role: 'qkv', parts: ['q', 'k', 'v'] },
  { role: 'qkvBias', parts: ['qBias', 'kBias', 'vBias'] }
]

/** The tensors of a layer held for generating, but for its experts; q, k and v joined whether or not the checkpoint stores them so. */
export function heldTensors(spec: DecoderSpec, layer: number): HeldTensorSpec[] {
  const stored = sharedTensors(spec, layer)
  return stored.flatMap(({ role, shape }): HeldTensorSpec[] => {
    const joined = JOINED.find(({ parts }) => parts.includes(role))
    if (joined === undefined) return [{ role, shape, parts: [role] }]
    if (joined.parts[0] !== role) return []
    const rows = stored
      .filter((part) => joined.parts.includes(part.role))
      .reduce((sum, { shape: [partRows = 0] }) => sum + partRows, 0)
    return [{ ...joined, shape: [rows, ...shape.slice(1)] }]
  })
}

/**
 * The tensors around the layers. The final norm has a weight and a bias, a weight, or neither; a tied head is the embedding.
 * Embedding and head are [vocabulary, hidden].
 */
export function wholeModelTensors(spec: DecoderSpec): {
  embedding: TensorSpec
  finalNorm: readonly TensorSpec[]
  head: TensorSpec
} {
  const { family, hiddenSize, vocabularySize } = spec
  const names = moduleNames(family)
  const embedding = { name: `${names.embedding}.weight`, shape: [vocabularySize, hiddenSize] }
  return {
    embedding,
    finalNorm: normParts(family).map((part) => ({
      name: `${names.finalNorm}.${part}`,
      shape: [hiddenSize]
    })),
    head: spec.tiedHead ? embedding : { name: `${names.head}.weight`, shape: embedding.shape }
  }
}

/** Prefixes under which checkpoints keep the decoder: plain, bare, GPT-NeoX's, and inside multimodal wrappers (two styles). */
const DECODER_PREFIXES = ['model.language_model.', 'language_model.model.', 'gpt_neox.', 'model.'] as const
const BARE_DECODER_NAME = /^(layers\.\d+\.|embed_tokens\.|norm\.)/

/** The canonical name of a stored tensor: decoder tensors under `model.`, the head as `lm_head.weight`; others unchanged. */
export function canonicalTensorName(stored: string): string {
  for (const prefix of DECODER_PREFIXES) {
    if (stored.startsWith(prefix)) return `model.${stored.slice(prefix.length)}`
  }
  if (stored === 'language_model.lm_head.weight') return 'lm_head.weight'
  return BARE_DECODER_NAME.test(stored) ? `model.${stored}` : stored
}
