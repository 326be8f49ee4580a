import type { Component } from '../../contract/model/recipe'
import type { NormPosition } from './family'
import { RECURRENT_COMPONENTS } from './recurrent-tensors'

/** Roles of the norm weights by position in a layer. */
export const NORM_ROLES = {
  beforeAttention: 'normBeforeAttention',
  afterAttention: 'normAfterAttention',
  beforeMlp: 'normBeforeMlp',
  afterMlp: 'normAfterMlp'
} as const satisfies Record<NormPosition, string>

/**
 * Components that each tensor contains; a fused tensor has several. A component is a part of a layer that a recipe can
 * restore by itself. A bias belongs to its weight.
 */
export const COMPONENTS_OF = {
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
  // Projections to and from the vectors of latent attention.
  qDown: ['q'],
  qDownBias: ['q'],
  qDownNorm: ['norms'],
  qUp: ['q'],
  kvDown: ['k', 'v'],
  kvDownBias: ['k', 'v'],
  kvDownNorm: ['norms'],
  kvUp: ['k', 'v'],
  o: ['o'],
  oBias: ['o'],
  gate: ['gate'],
  gateBias: ['gate'],
  up: ['up'],
  upBias: ['up'],
  gateUp: ['gate', 'up'],
  // Parameters of the activation, between up and down.
  alphaP: ['up'],
  alphaN: ['up'],
  down: ['down'],
  downBias: ['down'],
  router: ['router'],
  routerBias: ['router'],
  sharedGate: ['gate'],
  sharedUp: ['up'],
  sharedDown: ['down'],
  sharedRouter: ['router'],
  sharedGateUp: ['gate', 'up'],
  expertsGateUp: ['gate', 'up'],
  expertsDown: ['down'],
  routerScale: ['router'],
  routerExpertScale: ['router'],
  normBeforeExperts: ['norms'],
  normAfterExperts: ['norms'],
  normAfterShared: ['norms'],
  layerInputGate: ['gate'],
  layerInputProjection: ['down'],
  layerInputNorm: ['norms'],
  layerScale: ['norms'],
  laurelDown: ['v'],
  laurelUp: ['o'],
  laurelNorm: ['norms'],
  streamRouter: ['router'],
  streamRouterNorm: ['norms'],
  streamPrediction: ['router'],
  streamCorrection: ['router'],
  streamScale: ['norms'],
  ...RECURRENT_COMPONENTS
} as const satisfies Readonly<Record<string, readonly Component[]>>

/** Role of a tensor inside a layer, independent of its name in checkpoints; also the name of its input in graphs. */
export type Role = keyof typeof COMPONENTS_OF
