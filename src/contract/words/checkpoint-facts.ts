import type { CheckpointSummary } from '../documents/pair'
import { formatBytes, formatCount, plural } from './format'

type Facts = Omit<CheckpointSummary, 'path'>

const ifPresent = (present: boolean): string => (present ? 'yes' : 'none')

/** Facts of a checkpoint that its config and the headers of its files state, by name. */
export const CHECKPOINT_FACTS: readonly (readonly [name: string, value: (checkpoint: Facts) => string])[] = [
  ['model type', ({ modelType }) => modelType],
  ['parameters', ({ parameterCount }) => formatCount(parameterCount)],
  ['decoder layers', ({ layerCount }) => formatCount(layerCount)],
  ['hidden size', ({ hiddenSize }) => formatCount(hiddenSize)],
  ['MLP size', mlpSize],
  [
    'attention heads',
    ({ headCount, kvHeadCount, headSize }) => `${headCount} of size ${headSize}, ${kvHeadCount} for keys and values`
  ],
  ['vocabulary', ({ vocabularySize }) => formatCount(vocabularySize)],
  [
    'context length',
    ({ contextLength }) => (contextLength === null ? 'not stated' : `${formatCount(contextLength)} tokens`)
  ],
  ['output head', ({ tiedHead }) => (tiedHead ? 'tied to embeddings' : 'its own')],
  [
    'stored as',
    ({ dtypes }) =>
      Object.entries(dtypes)
        .map(([dtype, count]) => `${dtype} (${plural(count, 'tensor')})`)
        .join(', ')
  ],
  ['weights', ({ weightBytes, files }) => `${formatBytes(weightBytes)} in ${plural(files.length, 'file')}`],
  ['tokenizer', ({ hasTokenizer }) => ifPresent(hasTokenizer)],
  ['chat template', ({ hasChatTemplate }) => ifPresent(hasChatTemplate)],
  ['generation config', ({ hasGenerationConfig }) => ifPresent(hasGenerationConfig)]
]

function mlpSize({ intermediateSize, experts }: Facts): string {
  if (experts === null) return formatCount(intermediateSize)
  return `${formatCount(experts.count)} experts of ${formatCount(experts.size)}, ${experts.perRow} for a token`
}
