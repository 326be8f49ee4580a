import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import type { Variant } from '../../contract/samples'
import { parseRanges, repeated } from './options'
import { readRecipeFile } from './recipe-file'

/** Which models are set side by side. */
export const VariantOptions = z.strictObject({
  model: z.array(z.enum(['base', 'post'])).optional(),
  restore: z.array(z.array(z.tuple([z.number(), z.number()]))).optional(),
  recipe: z.array(z.string()).optional()
})
type VariantOptions = z.infer<typeof VariantOptions>

/** @param otherwise what is compared when none is named, for the help */
export function withVariantOptions(command: Command, otherwise: string): Command {
  return command
    .optionsGroup(`Which models, any number of each (default: ${otherwise}):`)
    .option('--model <which>', 'base or post as a whole; repeatable', repeated(parseModel))
    .option(
      '--restore <ranges>',
      'post with these layers from base, such as 3-7 or 3-7,9-9; repeatable',
      repeated(parseRanges)
    )
    .option(
      '--recipe <file>',
      'post with a recipe from a JSON or mergekit file; repeatable',
      repeated((file) => file)
    )
}

/**
 * The variants in the order base and post, ranges, recipes; each under a name of its own.
 *
 * @param otherwise when none is named
 */
export async function variantsFrom(
  { model = [], restore = [], recipe = [] }: VariantOptions,
  folders: { base: string; post: string },
  otherwise: Variant[]
): Promise<Variant[]> {
  const recipes = await Promise.all(recipe.map((file) => readRecipeFile(file, folders)))
  const variants: Variant[] = [
    ...[...new Set(model)].map((kind) => ({ kind, name: kind })),
    ...restore.map((ranges): Variant => {
      const name = ranges.map(([start, end]) => `${start}-${end}`).join()
      return { kind: 'recipe', name, recipe: { name, ranges } }
    }),
    ...recipes.map((each): Variant => ({ kind: 'recipe', name: each.name, recipe: each }))
  ]
  return variants.length > 0 ? variants : otherwise
}

function parseModel(text: string): 'base' | 'post' {
  if (text === 'base' || text === 'post') return text
  throw new InvalidArgumentError('Expected base or post.')
}
