import { z } from 'zod'

const Pattern = z.looseObject({ String: z.string().optional() })

const Rewritten = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('Sequence'), pretokenizers: z.array(z.unknown()) }),
  z.looseObject({ type: z.literal('Digits'), individual_digits: z.boolean().default(false) }),
  z.looseObject({
    type: z.literal('Metaspace'),
    replacement: z.string().default('▁'),
    split: z.boolean().default(true)
  }),
  z.looseObject({ type: z.literal('Split'), pattern: Pattern, behavior: z.string() })
])

/**
 * The `pre_tokenizer` of a tokenizer.json, put so that `@huggingface/tokenizers` splits text as the reference library
 * (the Rust `tokenizers`) does. Three of its parts do not: Digits knows ASCII digits only (SmolLM2 has it), Metaspace
 * leaves runs of spaces whole, and Split takes every behaviour but "Removed" for "Isolated". Each is the same as an
 * isolating Split on some pattern.
 *
 * @throws Error for a Split that cannot be put so
 */
export function exactPreTokenizer(definition: unknown): unknown {
  const parsed = Rewritten.safeParse(definition)
  if (!parsed.success) return definition
  const part = parsed.data
  switch (part.type) {
    case 'Sequence':
      return { ...part, pretokenizers: part.pretokenizers.map(exactPreTokenizer) }
    case 'Digits':
      return isolate(part.individual_digits ? '\\p{N}' : '\\p{N}+')
    case 'Metaspace':
      if (!part.split) return part
      return {
        type: 'Sequence',
        pretokenizers: [part, mergeWithNeighbour('MergedWithNext', part.replacement)]
      }
    case 'Split':
      if (part.behavior === 'Isolated' || part.behavior === 'Removed') return part
      return mergeWithNeighbour(part.behavior, part.pattern.String)
  }
}

function isolate(pattern: string): object {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }
}

/** A Split that keeps its separator, one character, with the text before or after it or with its like. */
function mergeWithNeighbour(behavior: string, separator: string | undefined): object {
  if (separator === undefined || [...separator].length !== 1) {
    throw new Error(`a pre_tokenizer Split with behavior "${behavior}" needs a pattern of one character here`)
  }
  const hex = separator.codePointAt(0)?.toString(16).padStart(4, '0') ?? ''
  const [is, other] = [`[\\x{${hex}}]`, `[^\\x{${hex}}]`]
  switch (behavior) {
    case 'MergedWithPrevious':
      return isolate(`${other}*${is}`)
    case 'MergedWithNext':
      return isolate(`${is}${other}*`)
    case 'Contiguous':
      return isolate(`${is}+`)
    default:
      throw new Error(`pre_tokenizer has a Split with the unknown behavior "${behavior}"`)
  }
}
