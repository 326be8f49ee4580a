import { basename, extname } from 'node:path'
import { z } from 'zod'
import { inputError, requireValid } from '../../contract/model/problem'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import type { LayerStrength, Recipe } from '../../contract/model/recipe'
import { elementAt } from '../../contract/model/look-up'
import { recipeOf } from '../../contract/model/strengths'
import { folderModelName } from '../checkpoint/model-folder'
import { openOther } from '../checkpoint/other-checkpoint'
import type { PairMembers } from '../checkpoint/pair-member'
import { quoteName } from '../base/json-object'
import { readYaml } from '../sandbox/yaml'
import { wholeModelTensors } from '../family'
import { foldersOf, matchReference, type MergedModel, mergedName } from './model-reference'
import { MergekitFile, METHODS, type Slice, type Source } from './mergekit-file'
import { type Origins, type Refuse, sliceShare, type SliceShare } from './slice-share'

/** Fields of mergekit that a recipe cannot express, with the behaviour of a recipe. */
const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  modules: 'only whole decoders are restored; write their layers as slices',
  tokenizer: "a restored model keeps post's tokenizer and embeddings",
  chat_template: "a restored model keeps post's chat template"
}

/** Parameters that determine the result of each method. */
const PARAMETERS = {
  passthrough: ['scale'],
  linear: ['weight', 'normalize']
} as const
/** Parameters of other methods, which both methods ignore. */
const IGNORED_PARAMETERS: readonly string[] = ['int8_mask', 'density', 'rescale']

/** Advice for methods that a recipe can approximate. */
const OTHER_METHODS: Readonly<Record<string, string>> = {
  slerp:
    'It turns from one model to the other, which is no sum of the two. ' +
    'The nearest recipe is linear: 1 - t of one and t of the other.',
  nuslerp:
    'It turns from one model to the other, which is no sum of the two. ' +
    'The nearest recipe is linear, with the same weights.'
}

/** Limit of aliases, with which slices may share settings. */
const MAX_ALIASES = 100

/**
 * Reads a mergekit file as a recipe of a pair: slices of `passthrough`, or of `linear` with one weight for each
 * model. Every layer keeps its position and mixes post with at most one model.
 *
 * @param file path of the file, for messages and relative paths.
 * @param checkpoints other checkpoints that models of the file may be; `any folder` if they may be any model folder
 */
export async function readMergekitRecipe(
  text: string,
  file: string,
  pair: PairMembers,
  checkpoints: readonly OtherCheckpoint[] | 'any folder'
): Promise<Recipe> {
  const config = await parseConfig(text, file)
  const refuse: Refuse = (what, hint) => inputError(`${file}: ${what}.`, hint)
  const origins = await resolveModels(config, file, pair, checkpoints, refuse)
  refuseTokenizer(config, origins, refuse)
  const { layerCount } = pair.post.spec
  const slices = slicesOf(config, layerCount, refuse)
  refuseParameters(slices, config, refuse)
  const shares = slices.map((slice, index) => sliceShare(index, slice, config, origins, refuse))
  refuseOtherEnds(shares, config, pair, refuse)
  const strengths = slices.flatMap((slice, index) => layersOf(slice, elementAt(shares, index, 'slice')))
  const fileName = basename(file)
  const name = (config.name ?? fileName.slice(0, fileName.length - extname(fileName).length)).trim().slice(0, 200)
  return recipeOf(name === '' ? 'mergekit' : name, strengths)
}

async function parseConfig(text: string, file: string): Promise<MergekitFile> {
  const { value } = await readYaml(text, file, MAX_ALIASES)
  const fields = z.record(z.string(), z.unknown()).safeParse(value)
  const isSet = (field: string): boolean => fields.data?.[field] !== undefined && fields.data[field] !== null
  const refused = Object.keys(REFUSED_FIELDS).find(isSet)
  if (refused !== undefined) {
    throw inputError(`${file}: ${refused} cannot be part of a recipe: ${REFUSED_FIELDS[refused]}.`)
  }
  const method = fields.data?.['merge_method']
  if (typeof method === 'string' && !METHODS.some((supported) => supported === method)) {
    throw inputError(
      `${file}: merge_method is ${quoteName(method)}, expected ${METHODS.join(', ')}.`,
      (Object.hasOwn(OTHER_METHODS, method) ? OTHER_METHODS[method] : undefined) ??
        'A recipe takes layers from base or other checkpoints, or blends of them and post; other methods compute ' +
          'something else.'
    )
  }
  return requireValid(MergekitFile.safeParse(value), (issue) =>
    inputError(`${file} is not a mergekit recipe: ${issue}`)
  )
}

/** Finds the model of the pair, or the other checkpoint, that each reference in the file means. */
async function resolveModels(
  { base_model, slices, models }: MergekitFile,
  file: string,
  pair: PairMembers,
  checkpoints: readonly OtherCheckpoint[] | 'any folder',
  refuse: Refuse
): Promise<Origins> {
  const references = [
    ...(base_model === undefined || base_model === null ? [] : [base_model]),
    ...[...(slices ?? []).flatMap(({ sources }) => sources), ...(models ?? [])].map(({ model }) => model)
  ]
  const origins = new Map<string, MergedModel>()
  const others = checkpoints === 'any folder' ? [] : [...checkpoints]
  for (const reference of new Set(references)) {
    if (reference.includes('+')) throw refuse(`the model ${quoteName(reference)} has an adapter`)
    const matches = await matchReference(reference, file, pair, others)
    if (matches.length === 0 && checkpoints === 'any folder') {
      const opened = await openNamedFolder(reference, file, pair)
      others.push(...opened)
      matches.push(...opened)
    }
    const [origin] = matches
    if (origin === undefined) {
      const otherWords = others.length > 0 ? ' nor another checkpoint beside them' : ''
      throw refuse(
        `the model ${quoteName(reference)} is neither base nor post${otherWords}`,
        `${pathsOf(pair, others)}; name the models by these paths.`
      )
    }
    if (matches.length > 1) {
      throw refuse(
        `the model ${quoteName(reference)} may be ${matches.map(mergedName).join(' or ')}`,
        `${pathsOf(pair, others)}; name the models by these paths.`
      )
    }
    origins.set(reference, origin)
  }
  return origins
}

/** Lists the paths of the models for a hint. */
function pathsOf({ base, post }: PairMembers, others: readonly OtherCheckpoint[]): string {
  const otherPaths = others.map(({ name, path }) => `, ${name} is ${path}`)
  return `Base is ${base.checkpoint.path}, post is ${post.checkpoint.path}${otherPaths.join('')}`
}

/** Opens the model folder that a reference names; empty if there is none. */
async function openNamedFolder(reference: string, file: string, { post }: PairMembers): Promise<OtherCheckpoint[]> {
  const [path] = await foldersOf(reference, file)
  if (path === undefined) return []
  const { checkpoint } = await openOther(post, path)
  return [{ name: folderModelName(checkpoint.path), path, fingerprint: checkpoint.fingerprint }]
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

/** Lists the slices. Whole models are one slice of all layers. @throws WorkbenchError if layers change their places */
function slicesOf({ slices, models }: MergekitFile, layerCount: number, refuse: Refuse): Slice[] {
  const hasSlices = slices !== undefined && slices !== null
  const hasModels = models !== undefined && models !== null
  if (hasSlices && hasModels) throw refuse('it has both slices and models')
  if (hasSlices) {
    refuseMovedLayers(slices, layerCount, refuse)
    return slices
  }
  if (!hasModels) throw refuse('it has neither slices nor models')
  return [{ sources: models.map((model): Source => ({ ...model, layer_range: [0, layerCount] })) }]
}

/** Refuses slices unless each layer occurs once, in its position. */
function refuseMovedLayers(slices: readonly Slice[], layerCount: number, refuse: Refuse): void {
  let next = 0
  for (const [index, slice] of slices.entries()) {
    const label = `slice ${index + 1}`
    const sliceLength = lengthOf(slice)
    for (const { layer_range: range } of slice.sources) {
      const [start, end] = range
      if (end < start) throw refuse(`${label} has the layer_range [${start}, ${end}], which ends before it starts`)
      if (end - start !== sliceLength) throw refuse(`${label} has sources of different lengths`)
      // An empty slice only determines the source of embeddings or head.
      if (start !== next && end > start) {
        throw refuse(
          `${label} puts layer ${start} in the place of layer ${next}`,
          'Layers keep their place in a recipe: none may be left out, repeated or moved.'
        )
      }
    }
    next += sliceLength
  }
  if (next !== layerCount) throw refuse(`its slices come to ${next} layers, but the models have ${layerCount}`)
}

/** Counts the layers of a slice, which are as many in each of its sources. */
function lengthOf({ sources }: Slice): number {
  const [start, end] = elementAt(sources, 0, 'source').layer_range
  return end - start
}

function layersOf(slice: Slice, { strength, source }: SliceShare): LayerStrength[] {
  const layer: LayerStrength = { attention: strength, mlp: strength }
  // A layer without a source is restored from base.
  if (strength !== 0 && source !== 'base') layer.source = source
  return Array.from({ length: lengthOf(slice) }, () => layer)
}

function refuseParameters(slices: readonly Slice[], config: MergekitFile, refuse: Refuse): void {
  const supported: readonly string[] = PARAMETERS[config.merge_method]
  const unknown = [config, ...slices, ...slices.flatMap(({ sources }) => sources)]
    .flatMap(({ parameters }) => Object.keys(parameters ?? {}))
    .find((name) => !supported.includes(name) && !IGNORED_PARAMETERS.includes(name))
  if (unknown === undefined) return
  throw refuse(
    `the parameter ${quoteName(unknown)} cannot be part of a recipe`,
    `${config.merge_method} has ${supported.join(' and ')}.`
  )
}

/** Refuses a file with which mergekit would not take embeddings, final norm and head from post. */
function refuseOtherEnds(
  shares: readonly SliceShare[],
  { merge_method }: MergekitFile,
  { post }: PairMembers,
  refuse: Refuse
): void {
  const { embedding, finalNorm } = wholeModelTensors(post.spec)
  const ends = [
    { share: shares[0], tensor: embedding, layer: 0, slice: 'first', where: 'at the start' },
    {
      share: shares.at(-1),
      tensor: finalNorm[0],
      layer: post.spec.layerCount,
      slice: 'last',
      where: 'at the end'
    }
  ]
  for (const { share, tensor, layer, slice, where } of ends) {
    if (share === undefined || tensor === undefined || share.strength === 0) continue
    const weight = merge_method === 'linear' ? ' with weight 1' : ''
    throw refuse(
      `mergekit takes ${tensor.name} from its ${slice} slice, and with it ${share.strength} of ` +
        `${mergedName(share.source)}; a restored model keeps post's`,
      `Add an empty slice of post ${where} (layer_range: [${layer}, ${layer}])${weight}.`
    )
  }
}
