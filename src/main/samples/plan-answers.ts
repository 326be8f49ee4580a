import type { Rendering } from '../../contract/documents/crc'
import type { SampleRun, SampleSettings, Variant } from '../../contract/documents/samples'
import type { FewShotPrompts } from '../../contract/model/few-shot'
import {
  ownTextModel,
  refuseTokensOutside,
  type WholeModel,
  type WholeModelTokens
} from '../checkpoint/whole-model-tokens'
import {
  type Generation,
  prepareGeneration,
  refuseOtherCheckpoints,
  refuseTooManyAnswers,
  type SampledPair
} from './generation'
import { engineVariants, type ExternalRequest, type ExternalWork, planExternal } from './external'
import { requireUsable } from './variants'

/** The answers of a run: of the engine's variants, and of external ones. */
export interface PlannedAnswers {
  generation: Generation
  /** Null without external variants. */
  external: ExternalWork | null
}

export interface AnswersRequest {
  prompts: ExternalRequest['prompts']
  fewShot?: FewShotPrompts | undefined
  rendering: Rendering
  variants: readonly Variant[]
  settings: SampleSettings
}

/** Prepares variants to answer a set of prompts: models of the engine, and external ones. */
export async function planAnswers(
  pair: SampledPair,
  { prompts, fewShot, rendering, variants, settings }: AnswersRequest,
  compare: (whole: WholeModel) => Promise<WholeModelTokens>
): Promise<{ planned: PlannedAnswers; notices: string[] }> {
  refuseTooManyAnswers(prompts.length, variants.length, settings.sampleCount)
  requireUsable(variants, pair.post.spec.layerCount)
  const { generation, notices } = await prepareGeneration(
    pair,
    { prompts: prompts.map(({ tokens }) => tokens), fewShot },
    engineVariants(variants),
    settings,
    compare
  )
  const { text, post } = pair
  const { vocabularySize } = post.spec
  const plan = await planExternal({ variants, prompts, rendering, settings, text, vocabularySize })
  return { planned: { generation, external: plan.external }, notices: [...notices, ...plan.notices] }
}

/** Prepares a stored run to continue, with the tokens and settings that it has stored. */
export async function resumeAnswers(run: SampleRun, pair: SampledPair): Promise<PlannedAnswers> {
  refuseOtherCheckpoints(run, pair)
  const prompts = run.prompts.map(({ tokens }) => tokens)
  // The tokens of whole models were compared when the run was started, on the same checkpoints.
  const compare = async ({ member }: WholeModel): Promise<WholeModelTokens> => {
    refuseTokensOutside(member, { prompts, answers: [] })
    return { unavailable: null, notice: null, text: await ownTextModel(member) }
  }
  const { planned } = await planAnswers(pair, run, compare)
  return { ...planned, generation: { ...planned.generation, stopTokens: run.stopTokens } }
}
