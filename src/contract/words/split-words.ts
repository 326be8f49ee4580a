import type { HoldOutResult, Selection } from '../documents/crc'
import { plural } from './format'
import type { ScoreWords } from './score-words'

type PromptWord = Pick<ScoreWords, 'prompt'>

/** The prompts that a selection rests on, such as "the 6 selection prompts" of a split sweep or "the prompts". */
export const selectionPrompts = ({ holdOut }: Pick<Selection, 'holdOut'>, { prompt }: PromptWord): string =>
  holdOut === null ? `the ${prompt}s` : `the ${plural(holdOut.selectionPromptCount, `selection ${prompt}`)}`

/** The same for where nothing needs to be said of a sweep that is not split; follows a noun, such as " of the 6 selection prompts". */
export const onSelectionPrompts = (
  selection: Pick<Selection, 'holdOut'>,
  words: PromptWord,
  preposition: 'of' | 'on'
): string => (selection.holdOut === null ? '' : ` ${preposition} ${selectionPrompts(selection, words)}`)

/** The prompts of a split sweep that had no part in the selection, such as "the 6 hold-out prompts". */
export const holdOutPrompts = (
  { holdOutPromptCount }: Pick<HoldOutResult, 'holdOutPromptCount'>,
  { prompt }: PromptWord
): string => `the ${plural(holdOutPromptCount, `hold-out ${prompt}`)}`
