import type { BegunGroup, KnownPart } from '../documents/known-part'
import { formatCount, plural } from './format'

/** `312 of 385 models of the second of 4 groups of prompts`. */
function begunWords({ models, modelCount, group, groupCount }: BegunGroup): string {
  const of = groupCount === 1 ? 'all prompts' : `the ${ordinal(group)} of ${groupCount} groups of prompts`
  return `${formatCount(models)} of ${plural(modelCount, 'model')} on ${of}`
}

/** `8 of 40 prompts, and 312 of 385 models on the second of 4 groups of prompts`; what there is of it. */
export function knownPartWords({ prompts, of, begun }: KnownPart): string {
  const whole = `${formatCount(prompts)} of ${plural(of, 'prompt')}`
  if (begun === null) return whole
  return prompts === 0 ? begunWords(begun) : `${whole}, and ${begunWords(begun)}`
}

const ORDINALS = [
  'first',
  'second',
  'third',
  'fourth',
  'fifth',
  'sixth',
  'seventh',
  'eighth',
  'ninth',
  'tenth'
]

function ordinal(number: number): string {
  return ORDINALS[number - 1] ?? `${number}th`
}
