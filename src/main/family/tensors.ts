import type { DecoderSpec } from './decoder-spec'
import type { Component, LayerHalf } from '../../contract/model/recipe'
import type { Experts } from './experts'
import { recurrentTensors } from './recurrent-tensors'
import type { LatentAttention } from './latent'
import { moduleNames, type Family, type ModuleNames, type NormPosition } from './family'
import type { DistanceComponent } from '../../contract/documents/distances'
import type { Streams } from './streams'
import { specOfLayer } from './expert-layers'
import { elementAt } from '../../contract/model/look-up'
import { COMPONENTS_OF, NORM_ROLES, type Role } from './tensor-roles'

/* Lists the tensors of a model with their names, shapes and roles. */

/** A tensor with its canonical name, `model.…` or `lm_head.weight`. */
export interface TensorSpec {
  readonly name: string
  readonly shape: readonly number[]
}

/** A tensor of a layer, or one expert's part of a tensor that stores all experts. */
export interface LayerTensorSpec extends TensorSpec {
  readonly role: Role
  /** Index of the tensor's expert; null for tensors that every row uses. */
  readonly expert: number | null
  /** First element of an expert's part of a tensor of all experts; null for a whole tensor. */
  readonly first: number | null
  readonly components: readonly Component[]
  readonly half: LayerHalf
}

/** A tensor of a layer whose name does not contain the layer's number yet. */
type PartialTensor = Pick<LayerTensorSpec, 'role' | 'name' | 'shape'> & { readonly first?: number }

/** Lists all tensors of one decoder layer. Projections are stored [out, in]. */
export function layerTensors(spec: DecoderSpec, layer: number): LayerTensorSpec[] {
  return [...sharedTensors(spec, layer), ...storedExperts(spec, layer)]
}

/** Cached tensors of each layer of a model, because a sweep's plan requests them thousands of times. */
const sharedTensorCache = new WeakMap<DecoderSpec, Map<number, readonly LayerTensorSpec[]>>()

/** Lists the tensors that every row uses: all except the experts'. */
export function sharedTensors(spec: DecoderSpec, layer: number): readonly LayerTensorSpec[] {
  const byLayer = sharedTensorCache.get(spec) ?? new Map<number, readonly LayerTensorSpec[]>()
  sharedTensorCache.set(spec, byLayer)
  const tensors = byLayer.get(layer) ?? listShared(spec, layer)
  byLayer.set(layer, tensors)
  return tensors
}

function listShared(model: DecoderSpec, layer: number): LayerTensorSpec[] {
  const { experts, attends, recurrent, hasMlp } = elementAt(model.layers, layer, 'layer')
  const spec = specOfLayer(model, layer)
  const ofMlp = (): PartialTensor[] => (experts === null ? mlpTensors(spec) : routerTensors(spec, experts))
  const ofAttention = (): PartialTensor[] => [
    ...norm(spec, 'beforeAttention'),
    ...(attends ? attentionTensors(spec) : []),
    ...(recurrent === null ? [] : recurrentTensors(spec, recurrent)),
    ...norm(spec, 'afterAttention')
  ]
  return [
    ...inLayer(layer, 'attention', null, attends || recurrent !== null ? ofAttention() : []),
    ...inLayer(layer, 'mlp', null, hasMlp ? [...ofMlp(), ...layerEndTensors(spec)] : [])
  ]
}

function storedExperts(spec: DecoderSpec, layer: number): LayerTensorSpec[] {
  const { experts } = elementAt(spec.layers, layer, 'layer')
  if (experts === null) return []
  const { count, size } = experts
  if (spec.family.experts?.joined !== true)
    return Array.from({ length: count }, (_, expert) => expertTensors(spec, layer, expert)).flat()
  const { expertsGateUp, expertsDown } = moduleNames(spec.family)
  return inLayer(layer, 'mlp', null, [
    { role: 'expertsGateUp', name: expertsGateUp, shape: [count, 2 * size, spec.hiddenSize] },
    { role: 'expertsDown', name: expertsDown, shape: [count, spec.hiddenSize, size] }
  ])
}

/** Lists the tensors of one expert of a layer, or its parts of the tensors of all experts. */
export function expertTensors(spec: DecoderSpec, layer: number, expert: number): LayerTensorSpec[] {
  const { experts } = elementAt(spec.layers, layer, 'layer')
  if (experts === null) throw new RangeError(`layer ${layer} has no experts`)
  const names = moduleNames(spec.family)
  if (spec.family.experts?.joined === true) {
    const { size } = experts
    const elements = size * spec.hiddenSize
    const part = (role: Role, name: string, shape: readonly number[], first: number): PartialTensor => ({
      role,
      name,
      shape,
      first
    })
    return inLayer(layer, 'mlp', expert, [
      part('gate', names.expertsGateUp, [size, spec.hiddenSize], 2 * expert * elements),
      part('up', names.expertsGateUp, [size, spec.hiddenSize], (2 * expert + 1) * elements),
      part('down', names.expertsDown, [spec.hiddenSize, size], expert * elements)
    ])
  }
  const nameOf = (name: string): string => `${names.experts}.${expert}.${name}`
  return inLayer(layer, 'mlp', expert, [
    ...linear('gate', 'gateBias', nameOf(names.expertGate), experts.size, spec.hiddenSize, false),
    ...linear('up', 'upBias', nameOf(names.expertUp), experts.size, spec.hiddenSize, false),
    ...linear('down', 'downBias', nameOf(names.expertDown), spec.hiddenSize, experts.size, false)
  ])
}

function inLayer(
  layer: number,
  half: LayerHalf,
  expert: number | null,
  parts: readonly PartialTensor[]
): LayerTensorSpec[] {
  return parts.map((part) => ({
    ...part,
    half,
    expert,
    first: part.first ?? null,
    components: COMPONENTS_OF[part.role],
    name: `model.layers.${layer}.${part.name}`
  }))
}

function projectionTensors(spec: DecoderSpec): PartialTensor[] {
  const { family, hiddenSize, headSize, latent, qkvBias, keyValues } = spec
  if (latent !== null) return latentTensors(spec, latent)
  const names = moduleNames(family)
  const qSize = spec.headCount * headSize
  const kvSize = spec.kvHeadCount * headSize
  if (family.attention !== 'separate')
    return linear('qkv', 'qkvBias', names.qkv, qSize + 2 * kvSize, hiddenSize, qkvBias)
  // Rows of q with gates are [q | gate] of each head.
  const q = linear('q', 'qBias', names.q, family.gatedAttention ? 2 * qSize : qSize, hiddenSize, qkvBias)
  if (keyValues === 'earlierLayer') return q
  const k = linear('k', 'kBias', names.k, kvSize, hiddenSize, qkvBias)
  if (keyValues === 'keyProjection') return [...q, ...k]
  return [...q, ...k, ...linear('v', 'vBias', names.v, kvSize, hiddenSize, qkvBias)]
}

function attentionTensors(spec: DecoderSpec): PartialTensor[] {
  const { family, hiddenSize } = spec
  const names = moduleNames(family)
  return [
    ...projectionTensors(spec),
    ...headNorm(spec, 'qNorm', spec.headCount),
    ...(spec.keyValues === 'earlierLayer' ? [] : headNorm(spec, 'kNorm', spec.kvHeadCount)),
    ...linear('o', 'oBias', names.o, hiddenSize, spec.headCount * spec.valueSize, spec.outputBias),
    // LAuReL, a path of low rank beside attention. Models with several hidden states (streams) have it.
    ...(spec.streams === null
      ? []
      : namedWeights(family, [
          ['laurelDown', [spec.streams.rank, hiddenSize]],
          ['laurelUp', [hiddenSize, spec.streams.rank]],
          ['laurelNorm', [hiddenSize]]
        ]))
  ]
}

/** Lists weights whose modules are named after their roles. */
function namedWeights(
  family: Family,
  shapes: readonly (readonly [role: Role & keyof ModuleNames, shape: readonly number[]])[]
): PartialTensor[] {
  const names = moduleNames(family)
  return shapes.map(([role, shape]) => ({ role, name: `${names[role]}.weight`, shape }))
}

/** Lists the tensors that replace the projections to q, k and v in latent attention. */
function latentTensors(spec: DecoderSpec, { queryRank, rank, plainSize }: LatentAttention): PartialTensor[] {
  const { hiddenSize, headCount, headSize, rotarySize, valueSize, qkvBias } = spec
  const names = moduleNames(spec.family)
  const norm = (role: 'qDownNorm' | 'kvDownNorm', size: number): PartialTensor => ({
    role,
    name: `${names[role]}.weight`,
    shape: [size]
  })
  const qSize = headCount * headSize
  return [
    ...(queryRank === null
      ? linear('qUp', 'qBias', names.q, qSize, hiddenSize, false)
      : [
          ...linear('qDown', 'qDownBias', names.qDown, queryRank, hiddenSize, qkvBias),
          norm('qDownNorm', queryRank),
          ...linear('qUp', 'qBias', names.qUp, qSize, queryRank, false)
        ]),
    ...linear('kvDown', 'kvDownBias', names.kvDown, rank + rotarySize, hiddenSize, qkvBias),
    norm('kvDownNorm', rank),
    ...linear('kvUp', 'kBias', names.kvUp, headCount * (plainSize + valueSize), rank, false)
  ]
}

function headNorm({ family, qkNorm, headSize }: DecoderSpec, role: 'qNorm' | 'kNorm', heads: number): PartialTensor[] {
  if (qkNorm === 'none') return []
  const shape = { head: [headSize], projection: [heads * headSize], eachHead: [heads, headSize] }[qkNorm]
  return [{ role, name: `${moduleNames(family)[role]}.weight`, shape }]
}

function mlpTensors(spec: DecoderSpec): PartialTensor[] {
  const { family, hiddenSize, intermediateSize, mlpBias } = spec
  const names = moduleNames(family)
  const inner: PartialTensor[] = {
    gated: [
      ...linear('gate', 'gateBias', names.gate, intermediateSize, hiddenSize, mlpBias),
      ...linear('up', 'upBias', names.up, intermediateSize, hiddenSize, mlpBias)
    ],
    fused: [{ role: 'gateUp' as const, name: `${names.gateUp}.weight`, shape: [2 * intermediateSize, hiddenSize] }],
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

/**
 * Lists the tensors of a layer that belong to neither attention nor MLP. They mix several hidden states (streams),
 * add an input per layer, or scale the layer.
 */
function layerEndTensors({ family, hiddenSize, streams, carried: { inputSize } }: DecoderSpec): PartialTensor[] {
  const { layerScale, streamScale } = moduleNames(family)
  const ofStreams = ({ count, isScaled }: Streams): PartialTensor[] => [
    ...namedWeights(family, [
      ['streamRouter', [count, hiddenSize]],
      ['streamRouterNorm', [hiddenSize]],
      ['streamPrediction', [count ** 2, count]],
      ['streamCorrection', [count, count]]
    ]),
    ...(isScaled ? [{ role: 'streamScale' as const, name: streamScale, shape: [hiddenSize] }] : [])
  ]
  const ofInput = namedWeights(family, [
    ['layerInputGate', [inputSize, hiddenSize]],
    ['layerInputProjection', [hiddenSize, inputSize]],
    ['layerInputNorm', [hiddenSize]]
  ])
  const ofScale: PartialTensor = { role: 'layerScale', name: layerScale, shape: [1] }
  return [
    ...(streams === null ? [] : ofStreams(streams)),
    ...(inputSize === 0 ? [] : ofInput),
    ...(family.layerScale ? [ofScale] : [])
  ]
}

/**
 * Lists the tensors beside the experts of a layer: norms, router and shared expert. A fused shared expert has the names
 * of an MLP. The MLP that some families compute beside the experts is stored as the shared expert.
 */
function routerTensors(spec: DecoderSpec, { count, biased, sharedSize, besideMlp }: Experts): PartialTensor[] {
  const { hiddenSize, family } = spec
  const names = moduleNames(family)
  const { router, choiceBias, sharedExpert, sharedRouter, gateUp, down } = names
  const weight = (role: Role, name: string, shape: number[]): PartialTensor => ({
    role,
    name: `${name}.weight`,
    shape
  })
  return [
    ...norm(spec, 'beforeMlp'),
    weight('router', router, [count, hiddenSize]),
    ...(biased
      ? [
          {
            role: 'routerBias' as const,
            name: choiceBias,
            shape: family.experts?.choiceBias === 'row' ? [1, count] : [count]
          }
        ]
      : []),
    ...(sharedSize === null
      ? []
      : [
          ...(family.mlp === 'fused'
            ? [
                weight('sharedGateUp', gateUp, [2 * sharedSize, hiddenSize]),
                weight('sharedDown', down, [hiddenSize, sharedSize])
              ]
            : [
                weight('sharedGate', `${sharedExpert}.gate_proj`, [sharedSize, hiddenSize]),
                weight('sharedUp', `${sharedExpert}.up_proj`, [sharedSize, hiddenSize]),
                weight('sharedDown', `${sharedExpert}.down_proj`, [hiddenSize, sharedSize])
              ]),
          ...(family.experts?.shared?.gated === true ? [weight('sharedRouter', sharedRouter, [1, hiddenSize])] : [])
        ]),
    ...(besideMlp
      ? [
          { role: 'routerScale' as const, name: names.routerScale, shape: [hiddenSize] },
          { role: 'routerExpertScale' as const, name: names.routerExpertScale, shape: [count] },
          ...namedWeights(family, [
            ['normAfterShared', [hiddenSize]],
            ['normBeforeExperts', [hiddenSize]],
            ['normAfterExperts', [hiddenSize]]
          ]),
          ...norm(spec, 'afterMlp')
        ]
      : [])
  ]
}

/** Lists the weight [outSize, inSize] of a linear module, and its bias if it has one. */
function linear(
  role: Role,
  biasRole: Role,
  name: string,
  outSize: number,
  inSize: number,
  biased: boolean
): PartialTensor[] {
  const weight = { role, name: `${name}.weight`, shape: [outSize, inSize] }
  return biased ? [weight, { role: biasRole, name: `${name}.bias`, shape: [outSize] }] : [weight]
}

/** Gives the position of the norm before the MLP: attention's if parallel sublayers share one. */
export function normBeforeMlp({ family, parallel }: DecoderSpec): NormPosition {
  return parallel && family.sharedNorm ? 'beforeAttention' : 'beforeMlp'
}

/** Lists the tensors of the norm at a position; none if the family has no norm there. */
function norm(spec: DecoderSpec, position: NormPosition): PartialTensor[] {
  const { family, hiddenSize } = spec
  const shared = position === 'beforeMlp' && normBeforeMlp(spec) !== position
  const name = shared ? undefined : family.norms[position]
  if (name === undefined) return []
  const role = NORM_ROLES[position]
  return normParts(family).map((part) => ({
    role: part === 'weight' ? role : (`${role}Bias` as const),
    name: `${name}.${part}`,
    shape: [hiddenSize]
  }))
}

function normParts({ normKind }: Family): ('weight' | 'bias')[] {
  if (normKind === 'layerWithoutWeight') return []
  return normKind === 'layerWithBias' ? ['weight', 'bias'] : ['weight']
}

/** A tensor as generation keeps it in memory ("resident"): stored tensors, whose rows are joined. */
interface ResidentTensorSpec {
  readonly role: Role
  readonly shape: readonly number[]
  readonly parts: readonly Role[]
}

/** Projections that are computed as one product. With few rows, starting a product takes as long as computing it. */
const JOINED: readonly { readonly role: Role; readonly parts: readonly Role[] }[] = [
  { role: 'qkv', parts: ['q', 'k', 'v'] },
  { role: 'qkvBias', parts: ['qBias', 'kBias', 'vBias'] }
]

/** Lists the tensors of a layer as generation keeps them, without experts. Projections to q, k and v are joined. */
export function residentTensors(spec: DecoderSpec, layer: number): ResidentTensorSpec[] {
  const stored = sharedTensors(spec, layer)
  return stored.flatMap(({ role, shape }): ResidentTensorSpec[] => {
    const joined = JOINED.find(({ parts }) => parts.includes(role))
    if (joined === undefined) return [{ role, shape, parts: [role] }]
    if (joined.parts[0] !== role) return []
    const parts = stored.filter((part) => joined.parts.includes(part.role))
    const rows = parts.reduce((sum, { shape: [partRows = 0] }) => sum + partRows, 0)
    return [{ role: joined.role, parts: parts.map((part) => part.role), shape: [rows, ...shape.slice(1)] }]
  })
}

/** A tensor around the layers. */
export interface WholeModelTensor extends TensorSpec {
  readonly component: DistanceComponent
  /** Name for all tensors of the component together; null if it has one tensor. */
  readonly groupName: string | null
}

/**
 * Lists the tensors outside the layers: embedding and head, [vocabulary, hidden], which may be one tensor, and norms.
 */
export function wholeModelTensors(spec: DecoderSpec): {
  embedding: TensorSpec
  /** Tensors that prepare rows for the first layer: those of the layers' own inputs, and projections to streams. */
  rowInputs: readonly WholeModelTensor[]
  /** Weight and bias of the final norm, and projections of hidden states before it. */
  finalNorm: readonly WholeModelTensor[]
  head: TensorSpec
} {
  const { family, hiddenSize, vocabularySize, layerCount, carried, streams } = spec
  const names = moduleNames(family)
  const inputWidth = layerCount * carried.inputSize
  const embedding = {
    name: `${names.embedding}.weight`,
    shape: [vocabularySize + family.spareEmbeddings, hiddenSize]
  }
  const tensor = (component: DistanceComponent, name: string, shape: readonly number[]): WholeModelTensor => ({
    component,
    name,
    shape,
    groupName: null
  })
  const ofStreams = (component: 'streamInputs' | 'streamOutputs'): WholeModelTensor[] =>
    Array.from({ length: (streams?.count ?? 1) - 1 }, (_, stream) => ({
      component,
      name: `${names[component]}.${stream}.weight`,
      shape: [hiddenSize, hiddenSize],
      groupName: `${names[component]}.*.weight`
    }))
  return {
    embedding,
    rowInputs: [
      ...(inputWidth === 0
        ? []
        : [
            tensor('layerInputEmbedding', `${names.layerInputEmbedding}.weight`, [carried.inputVocabulary, inputWidth]),
            tensor('layerInputSource', `${names.layerInputSource}.weight`, [inputWidth, hiddenSize]),
            tensor('layerInputSourceNorm', `${names.layerInputSourceNorm}.weight`, [carried.inputSize])
          ]),
      ...ofStreams('streamInputs')
    ],
    finalNorm: [
      ...normParts(family).map((part) =>
        tensor(part === 'weight' ? 'finalNorm' : 'finalNormBias', `${names.finalNorm}.${part}`, [hiddenSize])
      ),
      ...ofStreams('streamOutputs')
    ],
    head: spec.tiedHead ? embedding : { name: `${names.head}.weight`, shape: [vocabularySize, hiddenSize] }
  }
}
