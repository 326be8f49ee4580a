import { join } from 'node:path'
import type { ExportedFile, ExportForm, ExportPlan, TENSOR_ORIGINS } from '../../contract/procedures/export'
import { type Problem, unsupportedError, WorkbenchError } from '../../contract/model/problem'
import type { LayerStrength, Recipe } from '../../contract/model/recipe'
import { recipeStrengths, sourcesOf } from '../../contract/model/strengths'
import { requireFits } from '../base/files/room'
import { openSameOther } from '../checkpoint/other-checkpoint'
import { openPair } from '../checkpoint/pair'
import { hasScales, membersOf, type PairMember, type SourcedPair } from '../checkpoint/pair-member'
import { changedExperts, planLowRank } from '../checkpoint/low-rank-plan'
import { mergekitText } from '../mergekit/write-recipe'
import { ADAPTER_CONFIG, readAdapterConfig } from '../checkpoint/adapter-config'
import { adapterConfigText, planAdapter } from './plan-adapter'
import { lowRankExport } from './plan-low-rank'
import { adapterFiles, type CopiedFile, copiedFiles, MERGEKIT_FILE, MODEL_CARD } from './copied-files'
import { type PlannedWeights, planWeights } from './plan'
import { inspectTarget } from './target'

/** A planned export, before any file is written. */
export interface PreparedExport {
  readonly pair: SourcedPair
  readonly recipe: Recipe
  readonly strengths: readonly LayerStrength[]
  readonly weights: readonly PlannedWeights[]
  readonly copied: readonly CopiedFile[]
  readonly mergekit: { text: string; problem: null } | { text: null; problem: string }
  readonly form: ExportForm
  /** Rank at which a low-rank adapter equals the recipe's linear weights exactly; null for other forms. */
  readonly fullRank: number | null
  /** The settings of an exported adapter; null for a whole model. */
  readonly adapterConfig: string | null
  /** Differences between a low-rank adapter and its recipe. */
  readonly notes: readonly string[]
}

/** Bytes for the model card, the mergekit file and the file system's data about files. */
const OVERHEAD_BYTES = 2 ** 20

/** A pair with the checkpoints that layers of a recipe come from. */
export type OpenedRecipe = Pick<PreparedExport, 'pair' | 'strengths'>

/** Opens a pair and the sources of a recipe. @throws WorkbenchError if one does not fit the recipe or has changed */
export async function openRecipe(folders: { base: string; post: string }, recipe: Recipe): Promise<OpenedRecipe> {
  const members = await openPair(folders.base, folders.post)
  const strengths = recipeStrengths(recipe, members.post.spec.layerCount)
  const others = new Map<string, PairMember>()
  for (const source of sourcesOf(strengths)) others.set(source.path, await openSameOther(members.post, source))
  return { pair: { ...members, others }, strengths }
}

/**
 * Plans an export and refuses one that cannot be written.
 *
 * @throws WorkbenchError as `openRecipe` and `copiedFiles`; for an adapter as `planAdapter` and `planLowRank`
 */
export async function prepareExport(
  folders: { base: string; post: string },
  recipe: Recipe,
  form: ExportForm
): Promise<PreparedExport> {
  const { pair, strengths } = await openRecipe(folders, recipe)
  if (form.kind === 'adapter') return prepareAdapter(pair, recipe, strengths)
  if (form.kind === 'low-rank')
    return { pair, recipe, strengths, mergekit: NO_MERGEKIT, ...lowRankExport(pair, strengths, form) }
  refuseScaled(pair, strengths)
  return {
    form,
    fullRank: null,
    adapterConfig: null,
    notes: [],
    pair,
    recipe,
    strengths,
    weights: planWeights(pair, strengths),
    copied: await copiedFiles(pair.post.checkpoint),
    mergekit: mergekitOf(pair, recipe, strengths)
  }
}

/**
 * Returns the form of an export. If post is an adapter, the form is the remaining part of it.
 *
 * @param adapterRank null for a whole model; a rank above the full one is reduced to it
 */
export async function requestedForm(
  folders: { base: string; post: string },
  recipe: Recipe,
  adapterRank: number | null
): Promise<ExportForm> {
  if (adapterRank === null) return { kind: 'model' }
  const { pair, strengths } = await openRecipe(folders, recipe)
  if (pair.post.checkpoint.adapter !== null) return { kind: 'adapter' }
  const { fullRank } = planLowRank(pair, strengths)
  return { kind: 'low-rank', rank: Math.min(adapterRank, fullRank), savesNormsAndBiases: false }
}

/** An adapter has no mergekit file. */
const NO_MERGEKIT = { text: null, problem: 'mergekit writes whole models.' } as const

/** Plans the export of the adapter that remains of post's adapter. @throws WorkbenchError as `planAdapter` */
async function prepareAdapter(
  pair: SourcedPair,
  recipe: Recipe,
  strengths: readonly LayerStrength[]
): Promise<PreparedExport> {
  const { path } = pair.post.checkpoint
  const planned = planAdapter(pair.post, strengths)
  const { config } = await readAdapterConfig(path, join(path, ADAPTER_CONFIG))
  return {
    pair,
    recipe,
    strengths,
    weights: [planned.weights],
    copied: await adapterFiles(path),
    mergekit: NO_MERGEKIT,
    form: { kind: 'adapter' },
    fullRank: null,
    notes: [],
    adapterConfig: adapterConfigText(config, planned)
  }
}

/** Refuses quantised weights. An export copies their bytes, which cannot be read without their scales. */
function refuseScaled(pair: SourcedPair, strengths: readonly LayerStrength[]): void {
  // Base comes first, because an adapter as post has base's weights.
  const quantised = [pair.base, ...membersOf(pair)].find(hasScales)
  if (quantised === undefined) return
  const takesAdapter = pair.post.checkpoint.adapter !== null || changedExperts(pair, strengths) === -1
  throw unsupportedError(
    `${quantised.checkpoint.path} stores weights with scales, of which no restored model is written.`,
    `${takesAdapter ? 'Export an adapter (--adapter), or use' : 'Use'} the unquantised checkpoint in its place. ` +
      'The unquantised one computes the same, up to the rounding of stored weights.'
  )
}

/** Returns the bytes that the export copies to the disk, without the model card and the mergekit file. */
export function exportBytes({ weights, copied }: PreparedExport): number {
  return [...weights, ...copied].reduce((sum, { bytes }) => sum + bytes, 0)
}

/**
 * Checks the target folder of an export.
 *
 * @param typed path of the folder as the user typed it
 * @throws WorkbenchError as `inspectTarget`; `read-only` if the export does not fit on the disk
 */
export async function checkTarget(prepared: PreparedExport, typed: string): Promise<NonNullable<ExportPlan['target']>> {
  const { pair, weights, copied } = prepared
  const names = new Set([...weights, ...copied].map(({ name }) => name))
  const target = await inspectTarget(typed, pair, names)
  requireFits(target.path, exportBytes(prepared), target.freeBytes, OVERHEAD_BYTES)
  return target
}

/** Describes the files that an export would write, and the problem with the target folder, if any. */
export async function describePlan(
  prepared: PreparedExport,
  typed: string | null
): Promise<Omit<ExportPlan, 'safety'>> {
  const files: ExportedFile[] = [
    ...prepared.weights.map(({ name, bytes, tensors }): ExportedFile => ({
      name,
      bytes,
      kind: 'weights',
      tensors: tensors.map(({ post, origin, strength, restoredTo }) => ({
        name: post.name,
        dtype: post.dtype,
        bytes: post.byteLength,
        origin,
        strength,
        restoredTo
      }))
    })),
    ...prepared.copied.map(({ name, bytes }): ExportedFile => ({ name, bytes, kind: 'copied', tensors: [] })),
    ...writtenNames(prepared).map((name): ExportedFile => ({ name, bytes: 0, kind: 'written', tensors: [] }))
  ]
  const target = typed === null ? null : await resultOrProblem(checkTarget(prepared, typed))
  return {
    files,
    bytes: exportBytes(prepared),
    mergekitProblem: prepared.mergekit.problem,
    notes: [...prepared.notes],
    form: prepared.form,
    fullRank: prepared.fullRank,
    target: target !== null && 'path' in target ? target : null,
    targetProblem: target !== null && 'code' in target ? target : null
  }
}

export function tensorCounts({ weights }: PreparedExport): Record<(typeof TENSOR_ORIGINS)[number], number> {
  const counts = { post: 0, merged: 0, base: 0, checkpoint: 0, converted: 0, blended: 0, scaled: 0, factor: 0 }
  for (const { origin } of weights.flatMap(({ tensors }) => tensors)) counts[origin] += 1
  return counts
}

function writtenNames({ mergekit, adapterConfig }: PreparedExport): string[] {
  return [
    MODEL_CARD,
    ...(mergekit.problem === null ? [MERGEKIT_FILE] : []),
    ...(adapterConfig === null ? [] : [ADAPTER_CONFIG])
  ]
}

async function resultOrProblem<T>(work: Promise<T>): Promise<T | Problem> {
  try {
    return await work
  } catch (error) {
    if (error instanceof WorkbenchError) return error.problem
    throw error
  }
}

function mergekitOf(
  pair: SourcedPair,
  { name }: Recipe,
  strengths: readonly LayerStrength[]
): PreparedExport['mergekit'] {
  try {
    return { text: mergekitText(pair, name, strengths), problem: null }
  } catch (error) {
    if (error instanceof WorkbenchError) return { text: null, problem: error.message }
    throw error
  }
}
