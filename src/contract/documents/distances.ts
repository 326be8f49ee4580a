import { z } from 'zod'
import { PairReferences } from '../model/checkpoint'
import { UNFINISHED } from './job-ending'

/** What is compared of a pair, in the order tables show it. Biases and norms exist in some families only. */
export const COMPONENTS = [
  'normBeforeAttention',
  'normBeforeAttentionBias',
  'qkv',
  'qkvBias',
  'q',
  'qBias',
  'qNorm',
  'k',
  'kBias',
  'kNorm',
  'v',
  'vBias',
  'o',
  'oBias',
  'normAfterAttention',
  'normAfterAttentionBias',
  'normBeforeMlp',
  'normBeforeMlpBias',
  'router',
  'gate',
  'gateBias',
  'up',
  'upBias',
  'alphaP',
  'alphaN',
  'down',
  'downBias',
  'normAfterMlp',
  'normAfterMlpBias',
  'embedding',
  'finalNorm',
  'finalNormBias',
  'head'
] as const
export type Component = (typeof COMPONENTS)[number]

export const COMPONENT_LABELS = {
  normBeforeAttention: 'attention norm',
  normBeforeAttentionBias: 'attention norm bias',
  qkv: 'q, k and v',
  qkvBias: 'q, k and v bias',
  q: 'q',
  qBias: 'q bias',
  qNorm: 'q norm',
  k: 'k',
  kBias: 'k bias',
  kNorm: 'k norm',
  v: 'v',
  vBias: 'v bias',
  o: 'o',
  oBias: 'o bias',
  normAfterAttention: 'norm after attention',
  normAfterAttentionBias: 'bias of the norm after attention',
  normBeforeMlp: 'MLP norm',
  normBeforeMlpBias: 'MLP norm bias',
  router: 'router',
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
  embedding: 'embeddings',
  finalNorm: 'final norm',
  finalNormBias: 'final norm bias',
  head: 'head'
} as const satisfies Record<Component, string>

const count = z.number().int().nonnegative()
const norm = z.number().nonnegative()

/** How far some of post's weights lie from base's. Norms are Frobenius norms, of the weights as stored. */
export const Distance = z.object({
  /** Weights compared. */
  elements: count,
  /** Of these, how many have other bits as float32; a zero that changed its sign counts, as does a NaN with other bits. */
  changed: count,
  /** Of these, how many are NaN or infinite on either side; norms and cosine leave them out. */
  nonFinite: count,
  baseNorm: norm,
  postNorm: norm,
  /** ||post - base|| */
  differenceNorm: norm,
  /** ||post - base|| / ||base||; null when base is all zeros and post is not. */
  relativeNorm: norm.nullable(),
  /** Cosine of the angle between the two; null when either is all zeros. */
  cosine: z.number().min(-1).max(1).nullable()
})
export type Distance = z.infer<typeof Distance>

export const ComponentDistance = z.object({
  /** Decoder layer, from 0; null for what lies around the layers. */
  layer: count.nullable(),
  component: z.enum(COMPONENTS),
  /** Canonical name of the tensor in post; fused projections appear once for each of their parts. */
  tensor: z.string(),
  /** Which of the tensor's rows are this component, where that is not all of them. */
  rows: z.object({ first: count, count }).nullable(),
  baseDtype: z.string(),
  postDtype: z.string(),
  /** Every bit is the same, dtype included. */
  identical: z.boolean(),
  ...Distance.shape
})
export type ComponentDistance = z.infer<typeof ComponentDistance>

export const LayerDistance = z.object({
  layer: count,
  /** All its tensors are: base's layer and post's are one block. */
  identical: z.boolean(),
  ...Distance.shape
})
export type LayerDistance = z.infer<typeof LayerDistance>

export const DISTANCES_VERSION = 1

/** How far post-training moved every part of a model. */
export const DistancesDocument = z.object({
  schemaVersion: z.literal(DISTANCES_VERSION),
  createdAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  /** Stored bytes read of both checkpoints. */
  bytesRead: count,
  ...PairReferences.shape,
  components: z.array(ComponentDistance),
  /** Each decoder layer as a whole: all its components together. */
  layers: z.array(LayerDistance),
  /** Remarks for the reader, such as vocabularies of different sizes. */
  notices: z.array(z.string())
})
export type DistancesDocument = z.infer<typeof DistancesDocument>

/** Layers that post-training left alone. */
export const identicalLayers = ({ layers }: Pick<DistancesDocument, 'layers'>): number[] =>
  layers.flatMap(({ layer, identical }) => (identical ? [layer] : []))

/** Reading of weight files, in bytes. */
export const BytesProgress = z.object({
  bytesDone: count,
  bytesTotal: count,
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable()
})
export type BytesProgress = z.infer<typeof BytesProgress>

/** What a watcher of a comparison sees; the last event is one of the last three. */
export const DistancesEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: BytesProgress }),
  z.object({
    type: z.literal('finished'),
    /** Of this run: 0 when the project had the distances of these very checkpoints already. */
    bytesRead: count
  }),
  ...UNFINISHED
])
export type DistancesEvent = z.infer<typeof DistancesEvent>

/** Share of the weights that have other bits; 0 where there are none. */
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

/** All components as the rows of a spreadsheet, one column for each fact. */
export const distanceRows = ({
  components
}: DistancesDocument): { header: string[]; rows: (string | number | null)[][] } => ({
  header: TABLE_COLUMNS.map(([name]) => name),
  rows: components.map((distance) => TABLE_COLUMNS.map(([, value]) => value(distance)))
})
