import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { Work } from './crc'
import { Problem } from './problem'
import { LayerStrength } from './recipe'

/** What main may ask of the engine process. The engine knows checkpoints, recipes and tokens, and nothing of CRC. */

const procedure = oc.errors({ WORKBENCH: { data: Problem } })

const tokens = z.array(z.number().int().nonnegative()).min(1)

/** Where blocks are computed. */
export const DeviceName = z.enum(['cpu', 'webgpu'])
export type DeviceName = z.infer<typeof DeviceName>

/** In what the large matrix products are computed. Norms, residuals and attention are float32 always. */
export const Precision = z.enum(['fp32', 'fp16'])
export type Precision = z.infer<typeof Precision>

const pair = {
  base: z.string(),
  post: z.string(),
  device: DeviceName.default('cpu'),
  /** Left out: fp16 where both the device and the model's family gain from it, fp32 elsewhere. */
  precision: Precision.optional()
}

/** One entry per decoder layer. */
const LayerStrengths = z.array(LayerStrength)

/** Which model: base whole (its own embeddings and head), or post with a recipe (all zero: post itself). */
export const EngineModel = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('base') }),
  z.object({ kind: z.literal('recipe'), layers: LayerStrengths })
])
export type EngineModel = z.infer<typeof EngineModel>

/** A prompt and the sets of next tokens whose summed probabilities are wanted. */
export const TrackedPrompt = z.object({
  tokens,
  groups: z.array(z.array(z.number().int().nonnegative()))
})
export type TrackedPrompt = z.infer<typeof TrackedPrompt>

export const SweepRequest = z.object({
  ...pair,
  models: z.array(EngineModel).min(1),
  prompts: z.array(TrackedPrompt).min(1),
  /** Bound on the hidden states of one prompt group; prompts are split into groups to keep it. */
  stateBytes: z.number().positive()
})
export type SweepRequest = z.infer<typeof SweepRequest>

export const EngineSweepEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('plan'),
    rowsTotal: z.number(),
    groupCount: z.number().int(),
    device: DeviceName,
    precision: Precision
  }),
  z.object({
    type: z.literal('progress'),
    rowsDone: z.number(),
    layer: z.number().int(),
    group: z.number().int()
  }),
  z.object({
    type: z.literal('probabilities'),
    /** Index into `models`. */
    model: z.number().int(),
    /** Indices into `prompts`, and for each the summed probability of each of its groups. */
    prompts: z.array(z.number().int()),
    probabilities: z.array(z.array(z.number()))
  }),
  z.object({ type: z.literal('done'), work: Work, seconds: z.number() })
])
export type EngineSweepEvent = z.infer<typeof EngineSweepEvent>

export const ProbeRequest = z.object({ ...pair, model: EngineModel, prompts: z.array(tokens).min(1) })
export type ProbeRequest = z.infer<typeof ProbeRequest>

export const engineContract = {
  sweep: procedure.input(SweepRequest).output(eventIterator(EngineSweepEvent)),
  /** Logits of each prompt's last position: [prompts][vocabulary]. */
  probe: procedure.input(ProbeRequest).output(z.object({ logits: z.array(z.array(z.number())) }))
}
export type EngineContract = typeof engineContract
