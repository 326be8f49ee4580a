import { elementAt } from '../../contract/model/look-up'
import type { Score } from '../../contract/documents/crc'
import type { AnsweringModel, Model } from '../../contract/model/model'
import { WorkbenchError } from '../../contract/model/problem'
import { needsBase, type SamplingBaseline } from '../../contract/model/sampling-baseline'
import { singleTokens } from '../crc/task/characters'
import { ScoreCollector } from '../crc/task/model-scores'
import type { RenderedPrompts } from '../crc/task/render-prompts'
import { scorePrompt } from '../crc/task/scoring'
import type { TrackedPrompt } from '../../contract/procedures/engine'
import type { EngineClient } from '../engine/host'
import type { Generation } from './generation'

/**
 * Computes exact scores of the character task (CRC) for the first answer token, as drawn by a run's sampler. Let p'
 * be the next-token distribution after repetition penalty, temperature, top-k, top-p and min-p, renormalised over
 * the remaining tokens. Let p'(c) be its sum over the tokens that add exactly the character c. Validity is the sum
 * of p'(c) over the valid set V, and diversity is H(p'(c) / validity) / log |V| with the entropy H. Scores are means
 * over the prompts of a category, then over categories. With temperature 1 and no truncation or penalty, the scores
 * equal a sweep's.
 *
 * @returns one score for each of the models
 * @throws WorkbenchError from the engine
 */
export async function firstTokenScores(
  engine: EngineClient,
  generation: Generation,
  models: readonly FirstTokenModel[],
  { prompts, groups }: RenderedPrompts,
  signal: AbortSignal
): Promise<Score[]> {
  const collectors = models.map(() => new ScoreCollector(prompts))
  const tracked = prompts.map(({ tokens }, index) => ({
    tokens,
    groups: singleTokens(elementAt(groups, index, 'list of groups'))
  }))
  const scored = groupProbabilities(engine, generation, models, tracked, signal)
  for await (const { model, prompt, probabilities } of scored)
    elementAt(collectors, model, 'model').set(prompt, scorePrompt(probabilities))
  return collectors.map((collector) => {
    const score = collector.complete()
    if (score !== null) return score
    throw new WorkbenchError('engine-lost', 'The engine ended before every first token was scored.')
  })
}

/** Computes the probability of each group of first tokens, as drawn by a run's sampler. */
export async function* groupProbabilities(
  engine: EngineClient,
  { base, post, settings }: Pick<Generation, 'base' | 'post' | 'settings'>,
  models: readonly FirstTokenModel[],
  prompts: TrackedPrompt[],
  signal: AbortSignal
): AsyncGenerator<{ model: number; prompt: number; probabilities: readonly number[] }> {
  const { device, precision, memoryBytes, sampling } = settings
  const { singles, baselines, modelsOf } = sweepModels(models)
  const request = { base, post, models: singles, baselines, device, precision, prompts, memoryBytes, sampling }
  for await (const event of await engine.sweep(request, { signal })) {
    if (event.type !== 'probabilities') continue
    for (const [row, prompt] of event.prompts.entries())
      for (const model of modelsOf(event.model))
        yield { model, prompt, probabilities: elementAt(event.probabilities, row, 'prompt') }
  }
}

/** A model that answers the rendered prompts. A few-shot model has other prompts. */
export type FirstTokenModel = Exclude<AnsweringModel, { kind: 'few-shot' }>

/** Splits models into single models and baselines, and adds post and base if a baseline needs them. */
function sweepModels(models: readonly FirstTokenModel[]): {
  singles: Model[]
  baselines: SamplingBaseline[]
  /** Maps a model index of the sweep to indices in `models`. Empty for a model that was added for baselines. */
  modelsOf: (model: number) => number[]
} {
  const singles = models.filter((model) => model.kind !== 'baseline')
  const baselines = models.flatMap((model) => (model.kind === 'baseline' ? [model.baseline] : []))
  const sources: Model[] = [
    ...(baselines.length > 0 ? [{ kind: 'post' } as const] : []),
    ...(baselines.some(needsBase) ? [{ kind: 'base' } as const] : [])
  ]
  const sweptSingles = [...singles, ...sources.filter(({ kind }) => singles.every((single) => single.kind !== kind))]
  return {
    singles: sweptSingles,
    baselines,
    modelsOf: (sweptModel) =>
      models.flatMap((model, index) => {
        const position =
          model.kind === 'baseline' ? sweptSingles.length + baselines.indexOf(model.baseline) : singles.indexOf(model)
        return position === sweptModel ? [index] : []
      })
  }
}
