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

/** A sweep with its checked selection. */
export interface CheckedSweep {
  sweep: Pick<SweepDocument, 'layerCount' | 'source' | 'selection'>
  /** Null for a sweep without ranges. */
  selection: Selection | null
}

/** Folders that the names of models are resolved in. */
export interface VariantPlace {
  /** Folder of the study's file. */
  folder: string
  pair: PairFolders
}

/**
 * Returns the variants that an entry stands for.
 *
 * @param checkedSweep sweep with its checked selection; null if no entry needs it
 * @throws WorkbenchError for a faulty file, folder or endpoint
 */
async function variantsOfEntry(
  entry: Omit<StudyVariant, keyof Asking | 'sampler'>,
  place: VariantPlace,
  checkedSweep: CheckedSweep | null
): Promise<Variant[]> {
  const { model, restore, recipe, blend, baseline, checkpoint, answers } = entry
  if (model === 'base' || model === 'post') return [{ kind: model, name: model }]
  if (model !== undefined) return checkedSweep === null ? [] : foundVariants(model, checkedSweep)
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

/** Returns post with layers from base, or from the current state of the checkpoints that the ranges name. */
async function restoredVariant(restored: readonly SourcedRanges[], place: VariantPlace): Promise<Variant> {
  const sources = new Map<string, OtherCheckpoint>()
  for (const { source } of restored) {
    if (source === null || sources.has(source)) continue
    const checkpoint = await otherOfStudy(place, source)
    const others = [...sources.values()].map((other) => other.name)
    sources.set(source, { ...checkpoint, name: freeName(checkpoint.name, others) })
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

/** Returns the variant of an entry with an endpoint. @throws WorkbenchError `bad-input` for a faulty field */
export function endpointVariant(
  entry: Omit<StudyVariant, keyof Asking | 'sampler'>
): Extract<Variant, { kind: 'endpoint' }> {
  const through: EndpointInterface = entry.endpoint === undefined ? 'chat' : 'completions'
  const typedEndpoint = entry.endpoint ?? entry['endpoint-chat']
  if (typedEndpoint === undefined) throw new RangeError('the entry names no endpoint')
  const { name, model, baseUrl } = typedEndpoint
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

/** Describes each entry for which the sweep has no model. The evaluation leaves these entries out. */
export const omittedVariants = (entries: readonly StudyVariant[], checkedSweep: CheckedSweep): string[] =>
  entries.flatMap(({ model }) => {
    if (model === undefined || model === 'base' || model === 'post') return []
    if (foundVariants(model, checkedSweep).length > 0) return []
    const why =
      (checkedSweep.selection?.selected ?? null) === null
        ? 'the sweep selects no range'
        : 'the sweep has none for what it selects'
    return [`The variant ${model} is left out: ${why}.`]
  })

/** Returns the ranges and baselines that the selection of a sweep names. */
function foundVariants(which: FoundModels, { sweep, selection }: CheckedSweep): Variant[] {
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
  // As in the window, the scores of the sweep select the baselines. The check does not replace them.
  const { baselines: scored } = sweep.selection?.rho === selection.rho ? sweep.selection : selection
  const taken = scored.flatMap(({ baseline }) =>
    baseline.kind === 'control' || baseline.kind === 'tempered' || baseline.kind === 'half' ? [] : [baseline]
  )
  return takenVariants(taken, sweep).map(({ variant }) => variant)
}

/**
 * Returns the variants of an evaluation. Each model appears once, under a unique name. Models that are sampled appear
 * once per sampler, unless their entry sets a sampler. The first sampler leaves the names unchanged.
 *
 * @param otherwise sampler of the task
 * @throws WorkbenchError as a model, file or endpoint
 */
export async function studyVariants(
  entries: readonly StudyVariant[],
  samplers: readonly StudySampler[] | undefined,
  otherwise: Sampling,
  place: VariantPlace,
  checkedSweep: CheckedSweep | null
): Promise<EvaluationVariant[]> {
  const models: EvaluationVariant[] = []
  for (const { prefix, suffix, system, listed, sampler, ...entry } of entries) {
    const sampling = sampler === undefined ? undefined : samplingOf(sampler, otherwise)
    for (const variant of await variantsOfEntry(entry, place, checkedSweep)) {
      const asking = { variant, ...present({ prefix, suffix, system, listed, sampling }) }
      if (models.some((other) => sameModel(other.variant, variant) && asksAlike(other, asking))) continue
      const name = freeName(
        entry.name ?? variant.name,
        models.map((other) => other.variant.name)
      )
      models.push({ ...asking, variant: renamed(variant, name) })
    }
  }
  if (samplers === undefined) return models
  return samplers.flatMap((sampler, index) =>
    models.flatMap(({ variant, ...asked }): EvaluationVariant[] => {
      // Its answers exist already, or its sampler defines it.
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

/** Removes undefined fields, as in a stored run. */
const present = (asking: Asking): Asking =>
  Object.fromEntries(Object.entries(asking).filter(([, value]) => value !== undefined))

const asksAlike = (one: Asking, other: Asking): boolean =>
  frameKey(one) === frameKey(other) &&
  one.listed === other.listed &&
  isDeepStrictEqual(one.sampling, other.sampling)

/** Renames a variant and its recipe. */
const renamed = (variant: Variant, name: string): Variant =>
  variant.kind === 'recipe' ? { ...variant, name, recipe: { ...variant.recipe, name } } : { ...variant, name }

/** Describes a sampler, such as "temperature 1.5, min-p 0.1". */
const samplerName = (sampler: StudySampler): string =>
  Object.entries(sampler)
    .map(([field, value]) => `${field} ${value}`)
    .join(', ')
