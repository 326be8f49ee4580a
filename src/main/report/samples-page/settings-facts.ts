import type { Rendering } from '../../../contract/documents/crc'
import type { Sampling } from '../../../contract/model/sampling'

type Facts = [name: string, value: string][]

/** A sampler's settings, for people. */
export function samplingFacts(sampling: Sampling): Facts {
  return [
    ['Temperature', sampling.temperature === 0 ? '0 (greedy)' : String(sampling.temperature)],
    ['Min-p', String(sampling.minP)],
    ['Top-p', String(sampling.topP)],
    ['Top-k', String(sampling.topK ?? 'off')],
    ['Repetition penalty', String(sampling.repetitionPenalty)]
  ]
}

/** When an answer ends, besides at the model's stop tokens. */
export function endingFacts({ maxTokens, stopTexts }: { maxTokens: number; stopTexts: string[] }): Facts {
  return [
    ['Most tokens of an answer', String(maxTokens)],
    ['Stop texts', stopTexts.map((text) => JSON.stringify(text)).join(', ') || 'none']
  ]
}

/** How prompts became tokens. */
export function renderingFacts(rendering: Rendering): Facts {
  const { templateArguments } = rendering
  return [
    ['System turn', rendering.systemPrompt || 'none'],
    [
      'Template arguments',
      Object.keys(templateArguments).length === 0 ? 'none' : JSON.stringify(templateArguments)
    ],
    ['Date in the template', rendering.date],
    ['Start of the answer', rendering.assistantPrefix || 'none']
  ]
}
