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

export interface PlannedAnswers {
  generation: Generation
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
  const others = await planExternal({ variants, prompts, rendering, settings, text, vocabularySize })
  return { planned: { generation, external: others.external }, notices: [...notices, ...others.notices] }
}

/** Prepares a stored run to continue, with its own tokens and settings. */
export async function resumeAnswers(run: SampleRun, pair: SampledPair): Promise<PlannedAnswers> {
  refuseOtherCheckpoints(run, pair)
  const prompts = run.prompts.map(({ tokens }) => tokens)
  // Tokens were compared when the run was started, on the same checkpoints.
  const compare = async ({ member }: WholeModel): Promise<WholeModelTokens> => {
    refuseTokensOutside(member, { prompts, answers: [] })
    return { unavailable: null, notice: null, text: await ownTextModel(member) }
  }
  const { planned } = await planAnswers(pair, run, compare)
  return { ...planned, generation: { ...planned.generation, stopTokens: run.stopTokens } }
}
