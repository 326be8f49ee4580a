import { basename, extname } from 'node:path'
import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import type { Component, LayerStrength, Recipe } from '../../contract/model/recipe'
import { componentName, recipeOf, withComponents } from '../../contract/model/strengths'
import { modelName } from '../checkpoint/model-folder'
import { openOther } from '../checkpoint/other-checkpoint'
import type { PairMembers } from '../checkpoint/pair-member'
import { quoteName } from '../base/json-object'
import { readYaml } from '../confined/yaml'
import { layerTensors, wholeModelTensors } from '../family'
import { foldersOf, matchReference, type MergedModel, mergedName } from './model-reference'
import { MergekitFile, METHODS, type Slice, type Source } from './mergekit-file'
import { tensorShare, type Origins, type Refuse, type TensorShare } from './tensor-strength'

const POST_LAYER: LayerStrength = { attention: 0, mlp: 0 }

/** Fields that mergekit knows and a recipe cannot say, with what a recipe does instead. */
const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  modules: 'only whole decoders are restored; write their layers as slices',
  tokenizer: "a restored model keeps post's tokenizer and embeddings",
  chat_template: "a restored model keeps post's chat template"
}

/** The parameters that decide what these methods compute. */
const PARAMETERS = {
  passthrough: ['scale'],
  linear: ['weight', 'normalize'],
  task_arithmetic: ['weight', 'normalize', 'lambda']
} as const
/** Of other methods; these pass over them. */
const PASSED_OVER: readonly string[] = ['int8_mask', 'density', 'rescale']

/** What to write in place of methods that a recipe can say or come near. */
const OTHER_METHODS: Readonly<Record<string, string>> = {
  slerp:
    'It turns from one model to the other, which is no sum of the two. The nearest recipe is linear: 1 - t of one and t of the other.',
  nuslerp:
    'It turns from one model to the other, which is no sum of the two. The nearest recipe is linear, with the same weights.'
}

/** Settings of one slice are taken over by others so. */
const MAX_ALIASES = 100

/**
 * A mergekit file as a recipe of a pair: slices of `passthrough`, `linear` or `task_arithmetic` over post, base and other
 * checkpoints of their architecture in which every layer mixes post with one other model and stays in its place, the weights of a layer's tensors are equal within each of its halves, and embeddings, final norm
 * and head are post's. What is computed is followed tensor by tensor as mergekit does.
 *
 * @param file its path or name, for messages and for relative paths in it
 * @param known the other checkpoints that it may name; `any folder` opens what it names
 * @throws WorkbenchError as `readYaml`; `bad-input` naming what does not map to a recipe
 */
export async function readMergekitRecipe(
  text: string,
  file: string,
  pair: PairMembers,
  known: readonly OtherCheckpoint[] | 'any folder'
): Promise<Recipe> {
  const config = await parseConfig(text, file)
  const refuse: Refuse = (what, hint) => new WorkbenchError('bad-input', `${file}: ${what}.`, hint)
  const origins = await resolveModels(config, file, pair, known, refuse)
  refuseTokenizer(config, origins, refuse)
  const { layerCount } = pair.post.spec
  const slices = slicesOf(config, layerCount, refuse)
  refuseParameters(slices, config, refuse)
  if (config.merge_method === 'task_arithmetic') refuseTaskModels(slices, config, origins, refuse)
  const strengths = layerStrengths(slices, config, origins, pair, refuse)
  refuseOtherEnds(slices, config, origins, pair, refuse)
  const fileName = basename(file)
  const name = (config.name ?? fileName.slice(0, fileName.length - extname(fileName).length))
    .trim()
    .slice(0, 200)
  return recipeOf(name === '' ? 'mergekit' : name, strengths)
}

async function parseConfig(text: string, file: string): Promise<MergekitFile> {
  const { value } = await readYaml(text, file, MAX_ALIASES)
  const fields = z.record(z.string(), z.unknown()).safeParse(value)
  const refused = Object.keys(REFUSED_FIELDS).find((field) => (fields.data?.[field] ?? null) !== null)
  if (refused !== undefined) {
    throw new WorkbenchError(
      'bad-input',
      `${file}: ${refused} cannot be part of a recipe: ${REFUSED_FIELDS[refused]}.`
    )
  }
  const method = fields.data?.['merge_method']
  if (typeof method === 'string' && !METHODS.some((known) => known === method)) {
    throw new WorkbenchError(
      'bad-input',
      `${file}: merge_method is ${quoteName(method)}, expected ${METHODS.join(', ')}.`,
      (Object.hasOwn(OTHER_METHODS, method) ? OTHER_METHODS[method] : undefined) ??
        'A recipe takes layers from base or other checkpoints, or blends of them and post; other methods compute something else.'
    )
  }
  const parsed = MergekitFile.safeParse(value)
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-input', `${file} is not a mergekit recipe: ${describeIssue(parsed.error)}`)
}

/** Which model each name in the file stands for. */
async function resolveModels(
  { base_model, slices, models }: MergekitFile,
  file: string,
  pair: PairMembers,
  known: readonly OtherCheckpoint[] | 'any folder',
  refuse: Refuse
): Promise<Origins> {
  const named = [
    ...(base_model === undefined || base_model === null ? [] : [base_model]),
    ...[...(slices ?? []).flatMap(({ sources }) => sources), ...(models ?? [])].map(({ model }) => model)
  ]
  const origins = new Map<string, MergedModel>()
  const others = known === 'any folder' ? [] : [...known]
  for (const reference of new Set(named)) {
    if (reference.includes('+')) throw refuse(`the model ${quoteName(reference)} has an adapter`)
    const found = await matchReference(reference, file, pair, others)
    const opened =
      found.length > 0 || known !== 'any folder' ? null : await openedOther(reference, file, pair)
    if (opened !== null) others.push(opened)
    const [origin = opened, ...more] = found
    if (origin === null) {
      throw refuse(
        `the model ${quoteName(reference)} is neither base nor post${others.length > 0 ? ' nor another checkpoint beside them' : ''}`,
        `${pathsOf(pair, others)}; name the models by these paths.`
      )
    }
    if (more.length > 0) {
      throw refuse(
        `the model ${quoteName(reference)} may be ${[origin, ...more].map(mergedName).join(' or ')}`,
        `${pathsOf(pair, others)}; name the models by these paths.`
      )
    }
    origins.set(reference, origin)
  }
  return origins
}

/** Where the models lie, for a hint. */
function pathsOf({ base, post }: PairMembers, others: readonly OtherCheckpoint[]): string {
  const named = others.map(({ name, path }) => `, ${name} is ${path}`)
  return `Base is ${base.checkpoint.path}, post is ${post.checkpoint.path}${named.join('')}`
}

/** The checkpoint in a folder that is named; null where there is no such folder. @throws WorkbenchError as `openOther` */
async function openedOther(
  reference: string,
  file: string,
  { post }: PairMembers
): Promise<OtherCheckpoint | null> {
  const [path] = await foldersOf(reference, file)
  if (path === undefined) return null
  const { checkpoint } = await openOther(post, path)
  return { name: modelName(checkpoint.path), path, fingerprint: checkpoint.fingerprint }
}

function refuseTokenizer(
  { tokenizer_source: source, base_model: baseModel }: MergekitFile,
  origins: Origins,
  refuse: Refuse
): void {
  if (source === undefined || source === null) return
  const model = source === 'base' ? baseModel : source
  if (model !== undefined && model !== null && origins.get(model) === 'post') return
  throw refuse(
    `tokenizer_source is ${quoteName(source)}`,
    "A restored model keeps post's tokenizer and embeddings: leave tokenizer_source out."
  )
}

/** @throws WorkbenchError when layers are not each in their place, once */
function slicesOf(
  { slices, models, merge_method }: MergekitFile,
  layerCount: number,
  refuse: Refuse
): Slice[] {
  if ((slices ?? null) !== null && (models ?? null) !== null) throw refuse('it has both slices and models')
  const all: Slice[] =
    slices ??
    (models === undefined || models === null
      ? []
      : [{ sources: models.map((model): Source => ({ ...model, layer_range: [0, layerCount] })) }])
  if (all.length === 0) throw refuse('it has neither slices nor models')
  let next = 0
  for (const [index, { sources }] of all.entries()) {
    const what = `slice ${index + 1}`
    for (const {
      layer_range: [start, end]
    } of sources) {
      const range = `[${start}, ${end}]`
      const [first, last] = sources[0]?.layer_range ?? [start, end]
      if (end < start) throw refuse(`${what} has the layer_range ${range}, which ends before it starts`)
      if (end - start !== last - first) throw refuse(`${what} has sources of different lengths`)
      // An empty slice only says where embeddings or head come from.
      if (start !== next && end > start) {
        throw refuse(
          `${what} puts layer ${start} in the place of layer ${next}`,
          'Layers keep their place in a recipe: none may be left out, repeated or moved.'
        )
      }
    }
    if (merge_method === 'passthrough' && sources.length > 1)
      throw refuse(`${what} has ${sources.length} sources; passthrough takes one`)
    const [start, end] = sources[0]?.layer_range ?? [0, 0]
    next += end - start
  }
  if (next !== layerCount)
    throw refuse(`its slices come to ${next} layers, but the models have ${layerCount}`)
  return all
}

/** Task arithmetic starts from base_model, which has to be at hand, and adds what the other differs by. */
function refuseTaskModels(
  slices: readonly Slice[],
  { base_model: start, slices: written }: MergekitFile,
  origins: Origins,
  refuse: Refuse
): void {
  if (start === undefined || start === null) throw refuse('task_arithmetic needs base_model')
  for (const [index, { sources }] of slices.entries()) {
    const named = sources.map(({ model }) => origins.get(model))
    if (new Set(named).size < named.length) throw refuse(`slice ${index + 1} names a model twice`)
    if (named.filter((model) => model !== origins.get(start)).length > 1) {
      throw refuse(
        `slice ${index + 1} adds more than one model to base_model`,
        'A layer of a recipe mixes post with base, or with one other checkpoint.'
      )
    }
    // A list of models is completed by base_model, a slice is not.
    if ((written ?? null) !== null && !named.includes(origins.get(start)))
      throw refuse(`slice ${index + 1} is without base_model, which task_arithmetic starts from`)
  }
}

function layerStrengths(
  slices: readonly Slice[],
  config: MergekitFile,
  origins: Origins,
  { post }: PairMembers,
  refuse: Refuse
): LayerStrength[] {
  return slices.flatMap((slice) => {
    const [start, end] = slice.sources[0]?.layer_range ?? [0, 0]
    return Array.from({ length: end - start }, (_, offset): LayerStrength => {
      const layer = start + offset
      const t = end - start > 1 ? offset / (end - start - 1) : 1
      const found = { attention: new Map<Component, number>(), mlp: new Map<Component, number>() }
      let source: TensorShare['of'] | null = null
      for (const { name, half, components } of layerTensors(post.spec, layer)) {
        const { strength, of } = tensorShare(name, t, slice, config, origins, refuse)
        if (strength !== 0) {
          if (source !== null && source !== of) {
            throw refuse(
              `layer ${layer} takes tensors of ${mergedName(source)} and of ${mergedName(of)} (${name})`,
              'A layer of a recipe mixes post with base, or with one other checkpoint.'
            )
          }
          source = of
        }
        for (const component of components) {
          const other = found[half].get(component)
          if (other !== undefined && other !== strength) {
            throw refuse(
              `in layer ${layer} the tensors of ${componentName(half, component)} take ${other} and ${strength} of ${mergedName(of)} (${name})`,
              'A recipe has one strength for each of q, k, v, o, router, gate, up and down, its bias or all of its experts included, and for the norms of each half.'
            )
          }
          found[half].set(component, strength)
        }
      }
      const layerSource = source === null || source === 'base' ? {} : { source }
      return withComponents({ ...POST_LAYER, ...layerSource }, (half, component) => {
        const own = found[half]
        // A family without a component takes what the rest of the half agrees on.
        const [first, ...others] = new Set(own.values())
        return own.get(component) ?? (first !== undefined && others.length === 0 ? first : 0)
      })
    })
  })
}

function refuseParameters(slices: readonly Slice[], config: MergekitFile, refuse: Refuse): void {
  const known: readonly string[] = PARAMETERS[config.merge_method]
  const all = [config, ...slices, ...slices.flatMap(({ sources }) => sources)].map(
    ({ parameters }) => parameters
  )
  const unknown = all
    .flatMap((settings) => Object.keys(settings ?? {}))
    .find((name) => !known.includes(name) && !PASSED_OVER.includes(name))
  if (unknown === undefined) return
  throw refuse(
    `the parameter ${quoteName(unknown)} cannot be part of a recipe`,
    `${config.merge_method} has ${known.join(' and ')}.`
  )
}

/** mergekit takes the embeddings from the first slice, final norm and head from the last; a recipe has post's. */
function refuseOtherEnds(
  slices: readonly Slice[],
  config: MergekitFile,
  origins: Origins,
  { post }: PairMembers,
  refuse: Refuse
): void {
  const { embedding, finalNorm, head } = wholeModelTensors(post.spec)
  const { layerCount } = post.spec
  const ends = [
    { slice: slices[0], t: 0, tensors: [embedding], layer: 0, where: 'first' },
    {
      slice: slices.at(-1),
      t: 1,
      tensors: head === embedding ? finalNorm : [...finalNorm, head],
      layer: layerCount,
      where: 'last'
    }
  ]
  for (const { slice, t, tensors, layer, where } of ends) {
    for (const { name } of slice === undefined ? [] : tensors) {
      if (slice === undefined) continue
      const { strength, of } = tensorShare(name, t, slice, config, origins, refuse)
      if (strength === 0) continue
      throw refuse(
        `mergekit takes ${name} from its ${where} slice, and with it ${strength} of ${mergedName(of)}; a restored model keeps post's`,
        `Add an empty slice of post ${where === 'first' ? 'at the start' : 'at the end'} (layer_range: [${layer}, ${layer}])${
          config.merge_method === 'passthrough' ? '' : ', or a filter that gives this tensor to post'
        }.`
      )
    }
  }
}
