import { z } from 'zod'

const Pattern = z.looseObject({ String: z.string().optional() })

/** Parts of a `pre_tokenizer` that must be rewritten. */
const RewrittenPart = z.discriminatedUnion('type', [
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
 * Rewrites the `pre_tokenizer` of a tokenizer.json so that `@huggingface/tokenizers` splits text as the Rust library
 * does. Without it, Digits knows only ASCII, Metaspace splits no runs of spaces, and Split treats most behaviours as
 * "Isolated".
 *
 * @throws Error for a Split that cannot be rewritten
 */
export function exactPreTokenizer(definition: unknown): unknown {
  const parsed = RewrittenPart.safeParse(definition)
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

/** Builds a Split that joins its separator, one character, with its neighbour. */
function mergeWithNeighbour(behavior: string, separator: string | undefined): object {
  if (separator === undefined || [...separator].length !== 1) {
    throw new Error(`a pre_tokenizer Split with behavior "${behavior}" needs a pattern of one character here`)
  }
  const hex = separator.codePointAt(0)?.toString(16).padStart(4, '0') ?? ''
  // The syntax of Oniguruma, as in tokenizer.json. The library translates it for JavaScript.
  const [separators, others] = [`[\\x{${hex}}]`, `[^\\x{${hex}}]`]
  switch (behavior) {
    case 'MergedWithPrevious':
      return isolate(`${others}*${separators}`)
    case 'MergedWithNext':
      return isolate(`${separators}${others}*`)
    case 'Contiguous':
      return isolate(`${separators}+`)
    default:
      throw new Error(`pre_tokenizer has a Split with the unknown behavior "${behavior}"`)
  }
}
