import { z } from 'zod'
import { PairReferences } from '../model/checkpoint'
import { jobEvent } from './job-ending'

/** Labels of the components, in the order of a layer. */
export const COMPONENT_LABELS = {
  normBeforeAttention: 'attention norm',
  normBeforeAttentionBias: 'attention norm bias',
  qkv: 'q, k and v',
  qkvBias: 'q, k and v bias',
  q: 'q',
  qBias: 'q bias',
  qDown: 'q, down',
  qDownBias: 'q bias, down',
  qDownNorm: 'norm of the latent q',
  qUp: 'q, up',
  kvDown: 'k and v, down',
  kvDownBias: 'bias of k and v, down',
  kvDownNorm: 'norm of the latent k and v',
  kvUp: 'k and v, up',
  qNorm: 'q norm',
  k: 'k',
  kBias: 'k bias',
  kNorm: 'k norm',
  v: 'v',
  vBias: 'v bias',
  stateInputs: 'inputs of the state',
  stateQkv: 'q, k and v of the state',
  stateQkvGate: 'q, k, v and gate of the state',
  stateGate: 'output gate',
  stateStrength: 'strength',
  stateDecay: 'decay',
  stateStrengthDecay: 'strength and decay',
  convolution: 'convolution',
  convolutionBias: 'convolution bias',
  decayRate: 'decay rate',
  decayBias: 'decay bias',
  stateSkip: 'values past the state',
  stateNorm: 'norm of the state',
  stateOutput: 'output of the state',
  o: 'o',
  oBias: 'o bias',
  normAfterAttention: 'norm after attention',
  normAfterAttentionBias: 'bias of the norm after attention',
  normBeforeMlp: 'MLP norm',
  normBeforeMlpBias: 'MLP norm bias',
  router: 'router',
  routerBias: 'bias of the choice of experts',
  sharedRouter: 'router of the shared expert',
  sharedGate: 'gate of the shared expert',
  sharedUp: 'up of the shared expert',
  sharedDown: 'down of the shared expert',
  sharedGateUp: 'gate and up of the shared expert',
  expertsGateUp: 'gate and up of the experts',
  expertsDown: 'down of the experts',
  routerScale: 'scale of the router',
  routerExpertScale: 'scales of the experts',
  normBeforeExperts: 'norm before the experts',
  normAfterExperts: 'norm after the experts',
  normAfterShared: 'norm after the shared expert',
  gate: 'gate',
  gateBias: 'gate bias',
  up: 'up',
  upBias: 'up bias',
  alphaP: 'xIELU above zero',
  alphaN: 'xIELU below zero',
  down: 'down',
  downBias: 'down bias',
  normAfterMlp: 'norm after MLP',
  normAfterMlpBias: 'bias of the norm after MLP',
  layerInputGate: 'gate of the layer input',
  layerInputProjection: 'projection of the layer input',
  layerInputNorm: 'norm of the layer input',
  layerScale: 'scale of the layer',
  laurelDown: 'low rank, down',
  laurelUp: 'low rank, up',
  laurelNorm: 'norm of the low rank',
  streamRouter: 'router of hidden states',
  streamRouterNorm: 'norm of the router',
  streamPrediction: 'prediction of hidden states',
  streamCorrection: 'correction of hidden states',
  streamScale: 'scale of the first hidden state',
  embedding: 'embeddings',
  layerInputEmbedding: 'embeddings of layer inputs',
  layerInputSource: 'projection to layer inputs',
  layerInputSourceNorm: 'norm of layer inputs',
  streamInputs: 'projections to hidden states',
  finalNorm: 'final norm',
  finalNormBias: 'final norm bias',
  streamOutputs: 'projections of hidden states',
  head: 'head'
} as const
export type DistanceComponent = keyof typeof COMPONENT_LABELS
export const DISTANCE_COMPONENTS = Object.keys(COMPONENT_LABELS) as DistanceComponent[]

const count = z.number().int().nonnegative()
const norm = z.number().nonnegative()

/** Distance between weights of post and of base. Norms are Frobenius norms of the weights as stored. */
export const Distance = z.object({
  elements: count,
  /** Number of weights whose float32 bits differ, also in the sign of a zero or the bits of a NaN. */
  changed: count,
  /** Number of weights that are NaN or infinite on either side. Norms and cosine exclude them. */
  nonFinite: count,
  baseNorm: norm,
  postNorm: norm,
  /** ||post - base|| */
  differenceNorm: norm,
  /** ||post - base|| / ||base||. Null if base is all zeros and post is not. */
  relativeNorm: norm.nullable(),
  /** Cosine of the angle between base and post. Null if either is all zeros. */
  cosine: z.number().min(-1).max(1).nullable()
})
export type Distance = z.infer<typeof Distance>

export const ComponentDistance = z.object({
  /** Decoder layer, from 0. Null for components outside the layers. */
  layer: count.nullable(),
  component: z.enum(DISTANCE_COMPONENTS),
  /** Canonical name of the tensor in post. A fused projection appears once for each of its parts. */
  tensor: z.string(),
  /** Rows of the tensor that form this component. Null if they are all rows. */
  rows: z.object({ first: count, count }).nullable(),
  baseDtype: z.string(),
  postDtype: z.string(),
  /** True if every bit and the dtype are the same. */
  identical: z.boolean(),
  ...Distance.shape
})
export type ComponentDistance = z.infer<typeof ComponentDistance>

export const LayerDistance = z.object({
  layer: count,
  /** True if all tensors of the layer are identical, so that base's and post's layers are one block. */
  identical: z.boolean(),
  ...Distance.shape
})
export type LayerDistance = z.infer<typeof LayerDistance>

export const DISTANCES_VERSION = 1

/** Distances between the weights of base and post, of each component and each layer. */
export const DistancesDocument = z.object({
  schemaVersion: z.literal(DISTANCES_VERSION),
  createdAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  /** Stored bytes read from both checkpoints. */
  bytesRead: count,
  ...PairReferences.shape,
  components: z.array(ComponentDistance),
  layers: z.array(LayerDistance),
  /** Remarks for the reader, such as vocabularies of different sizes. */
  notices: z.array(z.string())
})
export type DistancesDocument = z.infer<typeof DistancesDocument>

export const identicalLayers = ({ layers }: Pick<DistancesDocument, 'layers'>): number[] =>
  layers.flatMap(({ layer, identical }) => (identical ? [layer] : []))

export const BytesProgress = z.object({
  bytesDone: count,
  bytesTotal: count,
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable()
})
export type BytesProgress = z.infer<typeof BytesProgress>

export const DistancesEvent = jobEvent({ progress: BytesProgress }, { bytesRead: count })
export type DistancesEvent = z.infer<typeof DistancesEvent>

/** Returns the share of weights that differ. */
export const changedShare = ({ changed, elements }: Pick<Distance, 'changed' | 'elements'>): number =>
  elements === 0 ? 0 : changed / elements

const TABLE_COLUMNS = [
  ['layer', ({ layer }) => layer],
  ['component', ({ component }) => component],
  ['tensor', ({ tensor }) => tensor],
  ['first_row', ({ rows }) => rows?.first ?? null],
  ['row_count', ({ rows }) => rows?.count ?? null],
  ['base_dtype', ({ baseDtype }) => baseDtype],
  ['post_dtype', ({ postDtype }) => postDtype],
  ['elements', ({ elements }) => elements],
  ['changed', ({ changed }) => changed],
  ['non_finite', ({ nonFinite }) => nonFinite],
  ['base_norm', ({ baseNorm }) => baseNorm],
  ['post_norm', ({ postNorm }) => postNorm],
  ['difference_norm', ({ differenceNorm }) => differenceNorm],
  ['relative_norm', ({ relativeNorm }) => relativeNorm],
  ['cosine', ({ cosine }) => cosine],
  ['changed_share', (distance) => changedShare(distance)],
  ['identical', ({ identical }) => String(identical)]
] as const satisfies readonly (readonly [string, (distance: ComponentDistance) => string | number | null])[]

export const distanceRows = ({
  components
}: Pick<DistancesDocument, 'components'>): { header: string[]; rows: (string | number | null)[][] } => ({
  header: TABLE_COLUMNS.map(([name]) => name),
  rows: components.map((distance) => TABLE_COLUMNS.map(([, value]) => value(distance)))
})
