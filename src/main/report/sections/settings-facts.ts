import type { Rendering } from '../../../contract/documents/crc'
import type { ReportedOrigin } from '../../../contract/documents/report'
import type { Variant } from '../../../contract/documents/samples'
import { describeExternal } from '../../../contract/model/external-model'
import type { Sampling } from '../../../contract/model/sampling'
import { samplingBaselineWork } from '../../../contract/model/sampling-baseline'
import type { Fact } from '../blocks'
import { describeRecipe } from './recipes'

/** Lists the settings of generated answers, and the models and checkpoints that gave them. */
export function answerFacts(
  settings: { sampling: Sampling; maxTokens: number; stopTexts: string[]; sampleCount: number; seed: number },
  computation: string,
  { variants, rendering, origin }: { variants: readonly Variant[]; rendering: Rendering; origin: ReportedOrigin }
): Fact[] {
  return [
    ...samplingFacts(settings.sampling),
    ['Maximum tokens of an answer', String(settings.maxTokens)],
    ['Stop texts', settings.stopTexts.map((text) => JSON.stringify(text)).join(', ') || 'none'],
    ['Answers per prompt', String(settings.sampleCount)],
    ['Seed', String(settings.seed)],
    ['Computed', computation],
    ...variants.flatMap((variant): Fact[] => {
      const description = describeVariant(variant)
      return description === null ? [] : [[variant.name, description]]
    }),
    ...renderingFacts(rendering),
    ...originFacts(origin)
  ]
}

export const samplingFacts = (sampling: Sampling): Fact[] => [
  ['Temperature', sampling.temperature === 0 ? '0 (greedy)' : String(sampling.temperature)],
  ['Min-p', String(sampling.minP)],
  ['Top-p', String(sampling.topP)],
  ['Top-k', String(sampling.topK ?? 'off')],
  ['Repetition penalty', String(sampling.repetitionPenalty)]
]

export function renderingFacts(rendering: Rendering): Fact[] {
  const { templateArguments } = rendering
  return [
    ['System turn', rendering.systemPrompt || 'none'],
    ['Template arguments', Object.keys(templateArguments).length === 0 ? 'none' : JSON.stringify(templateArguments)],
    ['Date in the template', rendering.date],
    ['Start of the answer', rendering.assistantPrefix || 'none']
  ]
}

export function originFacts({ base, post, changed }: ReportedOrigin): Fact[] {
  const described = (member: 'base' | 'post', { name, fingerprint }: ReportedOrigin['base']): string =>
    `${name}, fingerprint ${fingerprint}${changed.includes(member) ? ' (another checkpoint than now)' : ''}`
  return [
    ['Base', described('base', base)],
    ['Post', described('post', post)]
  ]
}

/** Describes how a variant answers; null for base and post, which need no description. */
function describeVariant(variant: Variant): string | null {
  switch (variant.kind) {
    case 'base':
    case 'post':
      return null
    case 'few-shot':
      return 'base after a plain prompt with worked examples'
    case 'recipe':
      return describeRecipe(variant.recipe)
    case 'checkpoint':
      return `the checkpoint ${variant.path}, fingerprint ${variant.fingerprint}`
    case 'baseline':
      return samplingBaselineWork(variant.baseline)
    case 'endpoint':
    case 'file':
      return describeExternal(variant)
  }
}
