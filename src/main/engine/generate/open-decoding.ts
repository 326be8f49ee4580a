import type { AnsweringModel } from '../../../contract/model/model'
import type { Device } from '../device/device'
import { whyNonFinite } from '../forward/non-finite'
import type { OpenResources } from '../forward/open-run'
import { memberOf, type PairWeights } from '../weights/pair-weights'
import type { Origin, RecipeTrie } from '../tries/recipe-trie'
import { Decoder } from './decoder'
import type { DrawnModels } from './drawn-models'
import type { GenerationPlan } from './generation-plan'
import { openRunner } from './open-runner'
import { type Prefilled, prefill, type PrefillWork } from './prefill'
import { openResidentHead, type ResidentHead } from './resident-head'

/** Loaded models: `prefill` computes prompts, and `decoder` then generates the answers token by token. */
export interface Decoding {
  readonly decoder: Decoder
  readonly heads: ReadonlyMap<Origin, ResidentHead>
  readonly prefill: (work: PrefillWork, signal?: AbortSignal) => Promise<Prefilled>
}

interface DecodedModels {
  readonly device: Device
  readonly pair: PairWeights
  readonly trie: RecipeTrie
  readonly plan: Pick<GenerationPlan, 'precision' | 'weights' | 'maximumLength'>
  readonly models: readonly AnsweringModel[]
  readonly drawn: DrawnModels
}

/** Loads models for generation. @param open receives every opened resource, and closes them all later */
export async function openDecoding(
  open: OpenResources,
  { device, pair, trie, plan, models, drawn }: DecodedModels,
  { stopTokens }: { readonly stopTokens: readonly number[] }
): Promise<Decoding> {
  const heads = new Map<Origin, ResidentHead>()
  // Heads are opened first. An opening head is in memory several times, and the blocks are not in memory yet.
  for (const origin of trie.roots)
    heads.set(origin, open.register(await openResidentHead(device, memberOf(pair, origin), plan.weights)))
  const runner = open.register(await openRunner({ device, pair, trie, heads, plan }))
  const { singles } = drawn
  const computation = { device, precision: plan.precision, pair, trie, models: singles }
  const decoder = new Decoder({
    models,
    drawn: drawn.drawn,
    trie,
    stopTokens,
    maximumLength: plan.maximumLength,
    runner,
    whyNonFinite: (model, tokens) => whyNonFinite(computation, model, tokens)
  })
  return { decoder, heads, prefill: (work, signal) => prefill({ ...computation, heads }, work, signal) }
}
