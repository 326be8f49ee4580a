import type { BegunGroup, KnownPart } from '../documents/known-part'
import { formatCount, plural } from './format'

/** Describes a group, such as `312 of 385 models on the second of 4 groups of prompts`. */
function begunWords({ models, modelCount, group, groupCount }: BegunGroup): string {
  const scope = groupCount === 1 ? 'all prompts' : `the ${ordinal(group)} of ${groupCount} groups of prompts`
  return `${formatCount(models)} of ${plural(modelCount, 'model')} on ${scope}`
}

/** Describes saved work, such as `8 of 40 prompts`, and the group in work. */
export function knownPartWords({ prompts, of, begun }: KnownPart): string {
  const whole = `${formatCount(prompts)} of ${plural(of, 'prompt')}`
  if (begun === null) return whole
  return prompts === 0 ? begunWords(begun) : `${whole}, and ${begunWords(begun)}`
}

const ORDINALS = 'first second third fourth fifth sixth seventh eighth ninth tenth'.split(' ')

function ordinal(number: number): string {
  return ORDINALS[number - 1] ?? `${number}th`
}
