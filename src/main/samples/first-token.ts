import { elementAt } from '../../contract/model/look-up'
import type { Score } from '../../contract/documents/crc'
import type { AnsweringModel, Model } from '../../contract/model/model'
import { WorkbenchError } from '../../contract/model/problem'
import { needsBase, type Rival } from '../../contract/model/rival'
import { singleTokens } from '../crc/task/characters'
import { ModelScores } from '../crc/task/model-scores'
import type { RenderedPrompts } from '../crc/task/render-prompts'
import { scorePrompt } from '../crc/task/scoring'
import type { EngineClient } from '../engine/host'
import type { Generation } from './generation'

/**
 * Exact CRC scores of the first answer token as a run's sampler draws it. With p' the next-token distribution after
 * repetition penalty, temperature, top-k, top-p and min-p, renormalised over the tokens that are left, and p'(c) its sum
 * over the tokens that add exactly the character c: validity is the sum of p'(c) over the valid set V, diversity
 * H(p'(c) / validity) / log |V|; means as for every exact score. At temperature 1 with nothing cut off these are the
 * scores of a sweep.
 *
 * @returns one score for each of the generation's models
 * @throws WorkbenchError what the engine is at fault for
 */
export async function firstTokenScores(
  engine: EngineClient,
  { base, post, models, settings }: Generation,
  { prompts, groups }: RenderedPrompts,
  signal: AbortSignal
): Promise<Score[]> {
  const scores = models.map(() => new ModelScores(prompts))
  const asked = askedModels(models)
  const events = await engine.sweep(
    {
      base,
      post,
      models: asked.singles,
      rivals: asked.rivals,
      device: settings.device,
      precision: settings.precision,
      prompts: prompts.map(({ tokens }, index) => ({
        tokens,
        groups: singleTokens(elementAt(groups, index, 'list of groups'))
      })),
      memoryBytes: settings.memoryBytes,
      sampling: settings.sampling
    },
    { signal }
  )
  for await (const event of events) {
    if (event.type !== 'probabilities') continue
    for (const [place, prompt] of event.prompts.entries()) {
      for (const model of asked.of(event.model))
        elementAt(scores, model, 'model').set(
          prompt,
          scorePrompt(elementAt(event.probabilities, place, 'prompt'))
        )
    }
  }
  return scores.map((score) => {
    const complete = score.complete()
    if (complete !== null) return complete
    throw new WorkbenchError('engine-lost', 'The engine ended before every first token was scored.')
  })
}

/** Models as a sweep takes them: rivals behind those that they are computed from. */
function askedModels(models: readonly AnsweringModel[]): {
  singles: Model[]
  rivals: Rival[]
  /** The models that a sweep's number stands for; none where it is only what rivals are computed from. */
  of: (model: number) => number[]
} {
  const singles = models.filter((model) => model.kind !== 'rival')
  const rivals = models.flatMap((model) => (model.kind === 'rival' ? [model.rival] : []))
  const needed: Model[] = [
    ...(rivals.length > 0 ? [{ kind: 'post' } as const] : []),
    ...(rivals.some(needsBase) ? [{ kind: 'base' } as const] : [])
  ]
  const all = [...singles, ...needed.filter(({ kind }) => singles.every((single) => single.kind !== kind))]
  return {
    singles: all,
    rivals,
    of: (asked) =>
      models.flatMap((model, index) => {
        const place =
          model.kind === 'rival' ? all.length + rivals.indexOf(model.rival) : singles.indexOf(model)
        return place === asked ? [index] : []
      })
  }
}
