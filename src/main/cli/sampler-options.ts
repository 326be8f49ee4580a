import type { Command } from 'commander'
import { z } from 'zod'
import type { Sampling } from '../../contract/model/sampling'
import { numberWithin, wholeNumber } from './options'

/** How tokens are drawn, as far as the command line says. */
export const SamplerOptions = z.strictObject({
  temperature: z.number().optional(),
  topK: z.number().optional(),
  topP: z.number().optional(),
  minP: z.number().optional(),
  repetitionPenalty: z.number().optional()
})
type SamplerOptions = z.infer<typeof SamplerOptions>

export function withSamplerOptions(command: Command): Command {
  return command
    .option('--temperature <t>', '0 is greedy', numberWithin(0, 100))
    .option('--top-k <k>', 'only the k likeliest tokens; 0 for all', wholeNumber(0, 2 ** 31 - 1))
    .option('--top-p <p>', 'only the likeliest tokens that together have p', numberWithin(1e-9, 1))
    .option('--min-p <p>', 'only tokens at least p times as likely as the likeliest', numberWithin(0, 1))
    .option('--repetition-penalty <x>', '1 for none', numberWithin(1e-9, 100))
}

export function samplingFrom(
  { temperature, topK, topP, minP, repetitionPenalty }: SamplerOptions,
  otherwise: Sampling
): Sampling {
  return {
    temperature: temperature ?? otherwise.temperature,
    topK: topK === undefined ? otherwise.topK : topK === 0 ? null : topK,
    topP: topP ?? otherwise.topP,
    minP: minP ?? otherwise.minP,
    repetitionPenalty: repetitionPenalty ?? otherwise.repetitionPenalty
  }
}
