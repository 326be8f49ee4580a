import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { blendName } from '../../../contract/documents/swept-model'
import { type Recipe, SourcedRanges, STRENGTH_BOUNDS } from '../../../contract/model/recipe'
import { sourcedRecipe } from '../../../contract/model/sourced-recipe'
import { blendStrengths, rangesStrengths } from '../../../contract/model/strengths'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import {
  SamplingBaseline,
  samplingBaselineFromText,
  samplingBaselineText
} from '../../../contract/model/sampling-baseline'
import {
  DEFAULT_CONCURRENCY,
  Endpoint,
  endpointFromText,
  endpointWarning
} from '../../../contract/model/external-model'
import type { Variant } from '../../../contract/documents/samples'
import { openPair } from '../../checkpoint/pair'
import { absolutePath } from '../../base/files/places'
import { allowForThisRun } from '../../endpoint/confirmed-addresses'
import { answerFileModel } from '../../samples/answer-files'
import type { ProjectPair } from '../../project/pair/project-pair'
import { optionGroup, type OptionsOf } from './option-group'
import { flagIfGiven, number, several, text, texts } from './option-kinds'
import {
  issueOfOption,
  parseRanges,
  refuseUnused,
  RESTORE_HELP,
  thousandthsWithin,
  usageError,
  wholeNumber
} from './options'
import { remark } from '../printing/output'
import { readRecipeFile } from '../../mergekit/recipe-file'
import { namedCheckpoints } from '../../work/named-checkpoints'

const NamedEndpoint = z.object({ name: z.string(), model: z.string(), baseUrl: z.string() })

const OF_ENDPOINTS = ['endpointKey', 'endpointRequests', 'endpointAnyModel']

const elsewhereOptions = optionGroup(
  'Answers from elsewhere, beside those models (endpoints are sent the prompts):'
).options({
  endpoint: several(
    NamedEndpoint,
    '<name=model@url>',
    'a model behind an endpoint in the form of OpenAI, such as restored=slr-8b@http://localhost:8000/v1, asked to complete the prompts as the ' +
      "pair's template renders them; repeatable",
    parseEndpoint
  ),
  endpointChat: several(
    NamedEndpoint,
    '<name=model@url>',
    'the same, asked by chat: its server renders the turns by its own template; repeatable',
    parseEndpoint
  ),
  endpointKey: text(
    '<variable>',
    'environment variable with the API key of the endpoints, such as SLR_ENDPOINT_API_KEY'
  ),
  endpointRequests: number(
    '<n>',
    `requests to an endpoint at once (default: ${DEFAULT_CONCURRENCY})`,
    wholeNumber(1, 256)
  ),
  endpointAnyModel: flagIfGiven('take answers also of a model that calls itself otherwise than was named'),
  answers: several(
    z.object({ name: z.string(), path: z.string() }),
    '<name=file>',
    'answers from a file: JSON lines, samples of lm-evaluation-harness, or an Inspect log as JSON; repeatable',
    parseAnswers
  )
})

/** Which models are set side by side. @param otherwise what is compared when none is named, for the help */
export const variantOptions = (otherwise: string) =>
  optionGroup(`Which models, any number of each (default: ${otherwise}):`)
    .options({
      model: several(z.enum(['base', 'post']), '<which>', 'base or post as a whole; repeatable', parseModel),
      restore: several(z.array(SourcedRanges), '<ranges>', `${RESTORE_HELP}; repeatable`, parseRanges),
      recipe: texts(
        '<file>',
        'post with a recipe from a JSON or mergekit file, or the best of a search or check; repeatable'
      ),
      blend: several(
        z.number(),
        '<strength>',
        'post with all layers blended with base alike, 0 post, 1 base, beyond extrapolated, from -1 to 2; repeatable',
        thousandthsWithin(STRENGTH_BOUNDS.least, STRENGTH_BOUNDS.most)
      ),
      baseline: several(
        SamplingBaseline,
        '<way>',
        'what restores no layer: sampler:TEMPERATURE,MIN_P for post, mix:SHARE for logits with a share of base, filter:SHARE for base ' +
          'where post finds a token that many times as likely as its likeliest; mix and filter compute base and post for each token; repeatable',
        parseBaseline
      ),
      checkpoint: checkpointOption
    })
    .and(elsewhereOptions)
type VariantOptions = OptionsOf<ReturnType<typeof variantOptions>>

/** Whether endpoints are told the template's arguments too: a server's template may read others than post's. */
export const asksEndpoints = ({
  endpoint = [],
  endpointChat = []
}: Pick<VariantOptions, 'endpoint' | 'endpointChat'>): boolean => endpoint.length + endpointChat.length > 0

/** Another checkpoint as a whole; repeatable. */
export const checkpointOption = texts(
  '<folder>',
  "another checkpoint of the pair's architecture, as a whole; repeatable"
)

/**
 * What `--restore` names, as a recipe.
 *
 * @throws WorkbenchError `bad-input` for layers that the model does not have or that are given twice; as `namedCheckpoints`
 */
export async function restoredRecipe(
  restored: readonly SourcedRanges[],
  folders: { base: string; post: string },
  own: ProjectPair | null
): Promise<Recipe> {
  const named = restored.flatMap(({ source }) => source ?? [])
  const checkpoints = await namedCheckpoints(named, folders, own?.document.otherCheckpoints ?? [])
  const sources = new Map(named.map((text, index) => [text, elementAt(checkpoints, index, 'checkpoint')]))
  const name = restored
    .flatMap(({ ranges, source }) => {
      const behind = source === null ? '' : `@${mapGet(sources, source, 'checkpoint').name}`
      return ranges.map(([start, end]) => `${start}-${end}${behind}`)
    })
    .join()
  const { layerCount } = (await openPair(folders.base, folders.post)).post.spec
  const asked = 'option --restore'
  if (named.length > 0) return sourcedRecipe({ name, restored, sources, asked }, layerCount)
  const ranges = restored.flatMap((each) => each.ranges)
  // Else what was typed as layers is told of as a recipe that nobody named.
  rangesStrengths(ranges, layerCount, asked)
  return { name, ranges }
}

/**
 * The variants in the order base and post, ranges, recipes, blends, baselines, checkpoints, endpoints, files.
 *
 * @param project whose checkpoints can be named; null for none
 * @param otherwise when none is named
 * @throws UsageError for an option of endpoints without one
 */
export async function variantsFrom(
  options: VariantOptions,
  folders: { base: string; post: string },
  own: ProjectPair | null,
  otherwise: Variant[],
  command: Command
): Promise<Variant[]> {
  if (options.endpoint === undefined && options.endpointChat === undefined)
    refuseUnused(
      command,
      OF_ENDPOINTS,
      'is of endpoints: give --endpoint NAME=MODEL@URL or --endpoint-chat too'
    )
  const { model = [], restore = [], recipe = [], blend = [], baseline = [], checkpoint = [] } = options
  const restored = await Promise.all(restore.map((ranges) => restoredRecipe(ranges, folders, own)))
  const recipes = await Promise.all(recipe.map((file) => readRecipeFile(file, folders)))
  const checkpoints = await namedCheckpoints(checkpoint, folders, own?.document.otherCheckpoints ?? [])
  const blends = blend.length === 0 ? [] : await blendVariants(blend, folders)
  const variants: Variant[] = [
    ...[...new Set(model)].map((kind) => ({ kind, name: kind })),
    ...restored.map((each): Variant => ({ kind: 'recipe', name: each.name, recipe: each })),
    ...recipes.map((each): Variant => ({ kind: 'recipe', name: each.name, recipe: each })),
    ...blends,
    ...baseline.map((each): Variant => ({
      kind: 'baseline',
      name: samplingBaselineText(each),
      baseline: each
    })),
    ...checkpoints.map((each): Variant => ({ kind: 'checkpoint', ...each })),
    ...endpointVariants(options, command),
    ...(await fileVariants(options))
  ]
  return variants.length > 0 ? variants : otherwise
}

/** @throws UsageError naming the option that said what is wrong with an endpoint */
function endpointVariants(
  {
    endpoint: completed = [],
    endpointChat = [],
    endpointKey,
    endpointAnyModel,
    endpointRequests
  }: VariantOptions,
  command: Command
): Variant[] {
  const shared = { keyVariable: endpointKey, anyModel: endpointAnyModel, concurrency: endpointRequests }
  const asked = [
    ...completed.map((each) => ({ ...each, through: 'completions' })),
    ...endpointChat.map((each) => ({ ...each, through: 'chat' }))
  ]
  return asked.map(({ name, through, ...of }): Variant => {
    const endpoint = Endpoint.safeParse({ ...of, through, ...shared })
    // The user names the address here, and with it confirms it.
    if (endpoint.success) allowForThisRun([endpoint.data])
    if (endpoint.success) return { kind: 'endpoint', name, endpoint: endpoint.data }
    const address = through === 'chat' ? '--endpoint-chat' : '--endpoint'
    const said = { ...ENDPOINT_OPTIONS, model: address, baseUrl: address }
    throw usageError(command, issueOfOption(endpoint.error, said, `the endpoint "${name}":`))
  })
}

/** Which option said what of all endpoints. */
const ENDPOINT_OPTIONS: Readonly<Record<string, string>> = {
  keyVariable: '--endpoint-key',
  anyModel: '--endpoint-any-model',
  concurrency: '--endpoint-requests'
}

/** Says where prompts go, however quiet all else is. */
export function warnOfEndpoints(variants: readonly Variant[]): void {
  for (const variant of variants) if (variant.kind === 'endpoint') remark(endpointWarning(variant.endpoint))
}

async function fileVariants({ answers = [] }: VariantOptions): Promise<Variant[]> {
  return Promise.all(answers.map(({ name, path }) => answerFileModel(name, absolutePath(path))))
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

function parseBaseline(text: string): SamplingBaseline {
  const baseline = samplingBaselineFromText(text)
  if (baseline !== null) return baseline
  throw new InvalidArgumentError(
    'Expected sampler:TEMPERATURE,MIN_P, mix:SHARE or filter:SHARE, such as mix:0.5.'
  )
}

function parseEndpoint(text: string): { name: string; model: string; baseUrl: string } {
  const endpoint = endpointFromText(text)
  if (endpoint !== null) return endpoint
  throw new InvalidArgumentError('Expected NAME=MODEL@URL, such as restored=slr-8b@http://localhost:8000/v1.')
}

function parseAnswers(text: string): { name: string; path: string } {
  const [, name, path] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (name !== undefined && path !== undefined) return { name, path }
  throw new InvalidArgumentError('Expected NAME=FILE, such as restored=answers.jsonl.')
}

function parseModel(text: string): 'base' | 'post' {
  if (text === 'base' || text === 'post') return text
  throw new InvalidArgumentError('Expected base or post.')
}
