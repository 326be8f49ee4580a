import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { blendName } from '../../contract/documents/swept-model'
import { blendStrengths } from '../../contract/model/strengths'
import { Rival, rivalFromText, rivalText } from '../../contract/model/rival'
import { freeName } from '../../contract/model/free-name'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import type { Variant } from '../../contract/documents/samples'
import { openOther } from '../checkpoint/other-checkpoint'
import { modelName } from '../checkpoint/model-folder'
import { openPair } from '../checkpoint/pair'
import { modelPath } from '../base/files/places'
import type { ProjectPair } from '../project/project-pair'
import { numberWithin, parseRanges, repeated } from './options'
import { readRecipeFile } from './recipe-file'

/** Which models are set side by side. */
export const VariantOptions = z.strictObject({
  model: z.array(z.enum(['base', 'post'])).optional(),
  restore: z.array(z.array(z.tuple([z.number(), z.number()]))).optional(),
  recipe: z.array(z.string()).optional(),
  blend: z.array(z.number()).optional(),
  rival: z.array(Rival).optional(),
  checkpoint: z.array(z.string()).optional()
})
type VariantOptions = z.infer<typeof VariantOptions>

/** @param otherwise what is compared when none is named, for the help */
export function withVariantOptions(command: Command, otherwise: string): Command {
  return command
    .optionsGroup(`Which models, any number of each (default: ${otherwise}):`)
    .option('--model <which>', 'base or post as a whole; repeatable', repeated(parseModel))
    .option(
      '--restore <ranges>',
      'post with these layers from base, such as 3-7, 5 or 3-7,9; repeatable',
      repeated(parseRanges)
    )
    .option(
      '--recipe <file>',
      'post with a recipe from a JSON or mergekit file; repeatable',
      repeated((file) => file)
    )
    .option(
      '--blend <strength>',
      'post with all layers blended with base alike, 0 post, 1 base; repeatable',
      repeated(numberWithin(0, 1))
    )
    .option(
      '--rival <way>',
      'what restores no layer: sampler:TEMPERATURE,MIN_P for post, mix:SHARE for logits with a share of base, filter:SHARE for base ' +
        'where post finds a token that many times as likely as its likeliest; mix and filter compute base and post for each token; repeatable',
      repeated(parseRival)
    )
    .addOption(checkpointOption())
}

/** Another checkpoint as a whole; repeatable. */
export function checkpointOption(): Option {
  return new Option(
    '--checkpoint <folder>',
    "another checkpoint of the pair's architecture, as a whole; repeatable"
  ).argParser(repeated((text) => text))
}

/**
 * The checkpoints that the command line names: those of the project by their names, others by their folders.
 *
 * @throws WorkbenchError when a folder holds none that can be computed beside the pair
 */
export async function givenCheckpoints(
  given: readonly string[],
  folders: { base: string; post: string },
  own: ProjectPair | null
): Promise<OtherCheckpoint[]> {
  if (given.length === 0) return []
  const { post } = await openPair(folders.base, folders.post)
  const known = own?.document.otherCheckpoints ?? []
  const found: OtherCheckpoint[] = []
  for (const text of given) {
    const named = known.find(({ name }) => name === text)
    if (named !== undefined) {
      found.push(named)
      continue
    }
    const path = modelPath(text)
    const { checkpoint } = await openOther(post, path)
    const name = freeName(
      modelName(checkpoint.path),
      found.map((other) => other.name)
    )
    found.push({ name, path, fingerprint: checkpoint.fingerprint })
  }
  return found
}

/**
 * The variants in the order base and post, ranges, recipes, blends, rivals, checkpoints.
 *
 * @param project whose checkpoints can be named; null for none
 * @param otherwise when none is named
 */
export async function variantsFrom(
  { model = [], restore = [], recipe = [], blend = [], rival = [], checkpoint = [] }: VariantOptions,
  folders: { base: string; post: string },
  own: ProjectPair | null,
  otherwise: Variant[]
): Promise<Variant[]> {
  const recipes = await Promise.all(recipe.map((file) => readRecipeFile(file, folders)))
  const checkpoints = await givenCheckpoints(checkpoint, folders, own)
  const blends = blend.length === 0 ? [] : await blendVariants(blend, folders)
  const variants: Variant[] = [
    ...[...new Set(model)].map((kind) => ({ kind, name: kind })),
    ...restore.map((ranges): Variant => {
      const name = ranges.map(([start, end]) => `${start}-${end}`).join()
      return { kind: 'recipe', name, recipe: { name, ranges } }
    }),
    ...recipes.map((each): Variant => ({ kind: 'recipe', name: each.name, recipe: each })),
    ...blends,
    ...rival.map((each): Variant => ({ kind: 'rival', name: rivalText(each), rival: each })),
    ...checkpoints.map((each): Variant => ({ kind: 'checkpoint', ...each }))
  ]
  return variants.length > 0 ? variants : otherwise
}

async function blendVariants(
  strengths: readonly number[],
  folders: { base: string; post: string }
): Promise<Variant[]> {
  const { layerCount } = (await openPair(folders.base, folders.post)).post.spec
  return strengths.map((strength): Variant => {
    const name = blendName(strength)
    return { kind: 'recipe', name, recipe: { name, layers: blendStrengths(strength, layerCount) } }
  })
}

function parseRival(text: string): Rival {
  const rival = rivalFromText(text)
  if (rival !== null) return rival
  throw new InvalidArgumentError(
    'Expected sampler:TEMPERATURE,MIN_P, mix:SHARE or filter:SHARE, such as mix:0.5.'
  )
}

function parseModel(text: string): 'base' | 'post' {
  if (text === 'base' || text === 'post') return text
  throw new InvalidArgumentError('Expected base or post.')
}
