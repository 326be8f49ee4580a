import { isDeepStrictEqual } from 'node:util'
import { type EvaluationVariant, frameKey } from '../../contract/documents/evaluation'
import type { Selection, SweepDocument } from '../../contract/documents/crc'
import type { Variant } from '../../contract/documents/samples'
import { blendName } from '../../contract/documents/swept-model'
import { takenVariants } from '../../contract/documents/variant-choices'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { freeName } from '../../contract/model/free-name'
import { mapGet } from '../../contract/model/look-up'
import { sweptRangeModel, sameModel } from '../../contract/model/model'
import { Endpoint, type EndpointInterface } from '../../contract/model/external-model'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import type { SourcedRanges } from '../../contract/model/recipe'
import { samplingBaselineText } from '../../contract/model/sampling-baseline'
import { sourcedRecipe } from '../../contract/model/sourced-recipe'
import { blendStrengths } from '../../contract/model/strengths'
import type { Sampling } from '../../contract/model/sampling'
import { openPair } from '../checkpoint/pair'
import type { PairFolders } from '../crc/sweep/score-recipes'
import { readRecipeFile } from '../mergekit/recipe-file'
import { answerFileModel } from '../samples/answer-files'
import { samplingOf } from './studied-pair'
import type { FoundModels, StudySampler, StudyVariant } from './study-file'
import { fileOfStudy, modelOfStudy, otherOfPair } from './study-places'

/** What a sweep has found for a pair, once checked. */
export interface Found {
  sweep: Pick<SweepDocument, 'layerCount' | 'source' | 'selection'>
  /** Null where nothing was selected. */
  selection: Selection | null
}

/** Where the models of a study are found. */
export interface VariantPlace {
  /** Of the study's file. */
  folder: string
  pair: PairFolders
}

/**
 * The variants that an entry stands for.
 *
 * @param found null where no entry needs what a sweep finds
 * @throws WorkbenchError naming what is wrong with a file, folder or endpoint
 */
async function variantsOfEntry(
  entry: Omit<StudyVariant, keyof Asking | 'sampler'>,
  place: VariantPlace,
  found: Found | null
): Promise<Variant[]> {
  const { model, restore, recipe, blend, baseline, checkpoint, answers } = entry
  if (model === 'base' || model === 'post') return [{ kind: model, name: model }]
  if (model !== undefined) return found === null ? [] : foundVariants(model, found)
  if (restore !== undefined) return [await restoredVariant(restore, place)]
  if (recipe !== undefined) {
    const read =
      typeof recipe === 'string'
        ? await readRecipeFile(fileOfStudy(place.folder, recipe), place.pair)
        : recipe
    return [{ kind: 'recipe', name: read.name, recipe: read }]
  }
  if (blend !== undefined) {
    const { layerCount } = (await openPair(place.pair.base, place.pair.post)).post.spec
    const name = blendName(blend)
    return [{ kind: 'recipe', name, recipe: { name, layers: blendStrengths(blend, layerCount) } }]
  }
  if (baseline !== undefined) return [{ kind: 'baseline', name: samplingBaselineText(baseline), baseline }]
  if (checkpoint !== undefined) return [{ kind: 'checkpoint', ...(await otherOfStudy(place, checkpoint)) }]
  if (answers !== undefined) {
    return [await answerFileModel(answers.name, fileOfStudy(place.folder, answers.path))]
  }
  return [endpointVariant(entry)]
}

const otherOfStudy = ({ folder, pair }: VariantPlace, typed: string): Promise<OtherCheckpoint> =>
  otherOfPair(modelOfStudy(folder, typed), pair)

/** Post with layers from base, or from the checkpoints that the ranges name as they are now. */
async function restoredVariant(restored: readonly SourcedRanges[], place: VariantPlace): Promise<Variant> {
  const sources = new Map<string, OtherCheckpoint>()
  for (const { source } of restored) {
    if (source === null || sources.has(source)) continue
    const found = await otherOfStudy(place, source)
    const others = [...sources.values()].map((other) => other.name)
    sources.set(source, { ...found, name: freeName(found.name, others) })
  }
  const name = restored
    .flatMap(({ ranges, source }) => {
      const behind = source === null ? '' : `@${mapGet(sources, source, 'checkpoint').name}`
      return ranges.map(([start, end]) => (start === end ? `${start}${behind}` : `${start}-${end}${behind}`))
    })
    .join()
  if (sources.size === 0) {
    return { kind: 'recipe', name, recipe: { name, ranges: restored.flatMap(({ ranges }) => ranges) } }
  }
  const { layerCount } = (await openPair(place.pair.base, place.pair.post)).post.spec
  const recipe = sourcedRecipe({ name, restored, sources, asked: 'variant that restores' }, layerCount)
  return { kind: 'recipe', name, recipe }
}

/** The endpoint of an entry that names one. @throws WorkbenchError `bad-input` naming what is wrong with it */
export function endpointVariant(
  entry: Omit<StudyVariant, keyof Asking | 'sampler'>
): Extract<Variant, { kind: 'endpoint' }> {
  const through: EndpointInterface = entry.endpoint === undefined ? 'chat' : 'completions'
  const asked = entry.endpoint ?? entry['endpoint-chat']
  if (asked === undefined) throw new RangeError('the entry names no endpoint')
  const { name, model, baseUrl } = asked
  const endpoint = Endpoint.safeParse({
    model,
    baseUrl,
    through,
    keyVariable: entry['endpoint-key'],
    anyModel: entry['endpoint-any-model'],
    concurrency: entry['endpoint-requests']
  })
  if (endpoint.success) return { kind: 'endpoint', name, endpoint: endpoint.data }
  throw new WorkbenchError('bad-input', `The endpoint "${name}": ${describeIssue(endpoint.error)}`)
}

/** Of each entry that stands for nothing that the sweep found, one line: the evaluation goes without it. */
export const omittedVariants = (entries: readonly StudyVariant[], found: Found): string[] =>
  entries.flatMap(({ model }) => {
    if (model === undefined || model === 'base' || model === 'post') return []
    if (foundVariants(model, found).length > 0) return []
    const why =
      (found.selection?.selected ?? null) === null
        ? 'the sweep selects no range'
        : 'the sweep has none for what it selects'
    return [`The variant ${model} is left out: ${why}.`]
  })

/** The ranges and baselines that the selection of a sweep names. */
function foundVariants(which: FoundModels, { sweep, selection }: Found): Variant[] {
  const range = (of: { start: number; end: number }): Variant => {
    const { recipe } = sweptRangeModel(of, sweep)
    return { kind: 'recipe', name: recipe.name, recipe }
  }
  if (selection === null) return []
  if (which === 'selected') return selection.selected === null ? [] : [range(selection.selected)]
  const baselines = selection.baselines.map(({ baseline }) => baseline)
  if (which === 'controls') {
    return baselines.flatMap((baseline) => (baseline.kind === 'control' ? [range(baseline.range)] : []))
  }
  // As in the window, baselines are taken by the scores of the sweep; the check does not replace them.
  const { baselines: scored } = sweep.selection?.rho === selection.rho ? sweep.selection : selection
  const taken = scored.flatMap(({ baseline }) =>
    baseline.kind === 'control' || baseline.kind === 'tempered' || baseline.kind === 'half' ? [] : [baseline]
  )
  return takenVariants(taken, sweep).map(({ variant }) => variant)
}

/**
 * The variants of an evaluation: each model once, under a name of its own, and each that is sampled anew under each sampler but where it
 * has one of its own; the first sampler keeps the names as they are.
 *
 * @param otherwise the task's sampler
 * @throws WorkbenchError as a model, file or endpoint
 */
export async function studyVariants(
  entries: readonly StudyVariant[],
  samplers: readonly StudySampler[] | undefined,
  otherwise: Sampling,
  place: VariantPlace,
  found: Found | null
): Promise<EvaluationVariant[]> {
  const models: EvaluationVariant[] = []
  for (const { prefix, suffix, system, listed, sampler, ...entry } of entries) {
    const sampling = sampler === undefined ? undefined : samplingOf(sampler, otherwise)
    for (const variant of await variantsOfEntry(entry, place, found)) {
      const asked = { variant, ...present({ prefix, suffix, system, listed, sampling }) }
      if (models.some((other) => sameModel(other.variant, variant) && asksAlike(other, asked))) continue
      const name = freeName(
        entry.name ?? variant.name,
        models.map((other) => other.variant.name)
      )
      models.push({ ...asked, variant: renamed(variant, name) })
    }
  }
  if (samplers === undefined) return models
  return samplers.flatMap((sampler, index) =>
    models.flatMap(({ variant, ...asked }): EvaluationVariant[] => {
      // Its answers are there, or its sampler is what it is.
      const isFixed =
        asked.sampling !== undefined ||
        variant.kind === 'file' ||
        (variant.kind === 'baseline' && variant.baseline.kind === 'sampler')
      if (isFixed) return index === 0 ? [{ variant, ...asked }] : []
      const name = index === 0 ? variant.name : `${variant.name}, ${samplerName(sampler)}`
      return [{ ...asked, variant: { ...variant, name }, sampling: samplingOf(sampler, otherwise) }]
    })
  )
}

type Asking = Pick<EvaluationVariant, 'prefix' | 'suffix' | 'system' | 'listed' | 'sampling'>

/** Fields that are given: a run that is stored has no others. */
const present = (asking: Asking): Asking =>
  Object.fromEntries(Object.entries(asking).filter(([, value]) => value !== undefined))

const asksAlike = (one: Asking, other: Asking): boolean =>
  frameKey(one) === frameKey(other) &&
  one.listed === other.listed &&
  isDeepStrictEqual(one.sampling, other.sampling)

/** A recipe goes by the name that its variant has. */
const renamed = (variant: Variant, name: string): Variant =>
  variant.kind === 'recipe' ? { ...variant, name, recipe: { ...variant.recipe, name } } : { ...variant, name }

/** Such as "temperature 1.5, min-p 0.1". */
const samplerName = (sampler: StudySampler): string =>
  Object.entries(sampler)
    .map(([field, value]) => `${field} ${value}`)
    .join(', ')
