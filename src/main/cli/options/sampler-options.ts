import { optionGroup } from './option-group'
import { number } from './option-kinds'
import { numberWithin, wholeNumber } from './options'

export const samplerOptions = optionGroup().options({
  temperature: number('<t>', '0 is greedy', numberWithin(0, 100)),
  topK: number('<k>', 'only the k likeliest tokens; 0 for all', wholeNumber(0, 2 ** 31 - 1)),
  topP: number('<p>', 'only the likeliest tokens that together have p', numberWithin(1e-9, 1)),
  minP: number('<p>', 'only tokens at least p times as likely as the likeliest', numberWithin(0, 1)),
  repetitionPenalty: number('<x>', '1 for none', numberWithin(1e-9, 100))
})
