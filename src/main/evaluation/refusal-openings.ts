import type { EvaluationRun } from '../../contract/documents/evaluation'
import { elementAt } from '../../contract/model/look-up'
import { DEFAULT_REFUSALS } from '../../contract/model/refusals'
import { openingSequences } from '../answers/written-forms'
import type { EngineClient } from '../engine/host'
import { type FirstTokenModel, groupProbabilities } from '../samples/first-token'
import type { SampledPair } from '../samples/generation'
import type { PlannedAnswers } from '../samples/plan-answers'
import { evaluationGroups, groupAnswers } from './prepare-evaluation'
import type { PromptScorer } from './prompt-scorer'

/* For tasks of refusals: the exact probability that an answer begins like a refusal ("I cannot", "I'm sorry"). */

interface OpeningsContext {
  readonly engine: EngineClient
  readonly run: EvaluationRun
  readonly pair: SampledPair
  readonly signal: AbortSignal
}

/**
 * Adds the probability that an answer begins like a refusal to the scorers, under the sampler of each variant. External
 * models have none, and neither have variants that answer with lists or a prompting.
 */
export async function addOpenings(context: OpeningsContext, scorers: readonly PromptScorer[]): Promise<void> {
  const { run, pair } = context
  for (const group of evaluationGroups(run)) {
    if (group.listed > 1 || group.prompting !== undefined) continue
    const { generation } = await groupAnswers(run, group, pair)
    const { fewShot } = generation
    await addProbabilities(context, scorers, generation, false)
    if (fewShot === undefined) continue
    const prompts = fewShot.prompts.map(({ tokens }) => tokens)
    await addProbabilities(context, scorers, { ...generation, prompts }, true)
  }
}

/** Adds the probabilities of the few-shot models if `isFewShot` is true, else of all other models. */
async function addProbabilities(
  { engine, run, pair, signal }: OpeningsContext,
  scorers: readonly PromptScorer[],
  generation: PlannedAnswers['generation'],
  isFewShot: boolean
): Promise<void> {
  const members = generation.models.flatMap((model, index): { name: string; model: FirstTokenModel }[] => {
    if ((model.kind === 'few-shot') !== isFewShot) return []
    const name = elementAt(generation.variantNames, index, 'variant')
    return [{ name, model: model.kind === 'few-shot' ? { kind: 'base' } : model }]
  })
  if (members.length === 0) return
  const { openings } = run.task.refusals ?? DEFAULT_REFUSALS
  // Each prompt has one group of token sequences: all openings of refusals.
  const promptsWithGroups: { tokens: number[]; groups: number[][][] }[] = []
  for (const { prompt } of scorers) {
    const tokens = elementAt(generation.prompts, prompt, 'prompt')
    promptsWithGroups.push({ tokens, groups: [await openingSequences(pair.text, tokens, openings)] })
  }
  const models = members.map(({ model }) => model)
  const scored = groupProbabilities(engine, generation, models, promptsWithGroups, signal)
  for await (const { model, prompt, probabilities } of scored) {
    const { name } = elementAt(members, model, 'model')
    // Rounding may lift a sum above 1.
    const probability = Math.min(1, elementAt(probabilities, 0, 'group of openings'))
    elementAt(scorers, prompt, 'prompt').addOpening(name, probability)
  }
}
