import type { HoldOutResult, Selection } from '../documents/crc'
import { plural } from './format'
import type { ScoreWords } from './score-words'

type PromptWord = Pick<ScoreWords, 'prompt'>

export const selectionPrompts = ({ holdOut }: Pick<Selection, 'holdOut'>, { prompt }: PromptWord): string =>
  holdOut === null ? `the ${prompt}s` : `the ${plural(holdOut.selectionPromptCount, `selection ${prompt}`)}`

/** Returns the same after a noun, such as " of the 6 selection prompts". Empty for sweeps without a split. */
export const onSelectionPrompts = (
  selection: Pick<Selection, 'holdOut'>,
  words: PromptWord,
  preposition: 'of' | 'on'
): string => (selection.holdOut === null ? '' : ` ${preposition} ${selectionPrompts(selection, words)}`)

/** Names the prompts without influence on the selection, such as "the 6 hold-out prompts". */
export const holdOutPrompts = (
  { holdOutPromptCount }: Pick<HoldOutResult, 'holdOutPromptCount'>,
  { prompt }: PromptWord
): string => `the ${plural(holdOutPromptCount, `hold-out ${prompt}`)}`
