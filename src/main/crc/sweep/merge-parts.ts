import { plural } from '../../../contract/words/format'
import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import { totalWork } from '../../../contract/documents/sweep-work'
import { fileError, inputError, mismatchError } from '../../../contract/model/problem'
import type { SweepPart } from '../../../contract/documents/sweep-part'
import { assembleSweep, type ModelResults, type BaselineResults } from './assemble-sweep'
import { runToEnd } from '../../base/steps'
import { scorerOf } from '../task/scorer'
import { isConsistent } from './earlier-results'
import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { fewShotScore } from './few-shot-base'
import { elementAt, mapGet } from '../../../contract/model/look-up'

export interface PartFile {
  file: string
  part: SweepPart
}

export interface MergeOptions {
  rho?: number
  seed?: number
}

/** Joins the parts of a sweep, in any order, into the document of a single machine. */
export function mergeParts(parts: readonly PartFile[], options: MergeOptions = {}): SweepDocument {
  const [first] = parts
  if (first === undefined) throw inputError('There are no parts to merge.')
  for (const other of parts) requireSameSweep(first, other, options)
  for (const part of parts) requireWhole(part)
  requireEachShardOnce(parts)
  const owner = requireEachPromptOnce(first.part, parts)

  const { part } = first
  const ordered = [...parts].sort((a, b) => a.part.shard.index - b.part.shard.index).map(({ part }) => part)
  const models = part.models.map(({ model }, index): ModelResults => {
    const prompts = part.prompts.map((_, prompt): PromptScore => {
      const source = mapGet(owner, prompt, 'owner of prompt')
      return elementAt(elementAt(source.part.models, index, 'model').prompts, source.row, 'score')
    })
    return { model, prompts }
  })
  const baselines = part.baselines.map(({ baseline }, index): BaselineResults => ({
    baseline,
    prompts: part.prompts.map((_, prompt) => {
      const source = mapGet(owner, prompt, 'owner of prompt')
      return elementAt(elementAt(source.part.baselines, index, 'baseline').prompts, source.row, 'score')
    })
  }))
  const merged = runToEnd(
    assembleSweep({
      facts: {
        programVersion: part.programVersion,
        seconds: ordered.reduce((sum, { seconds }) => sum + seconds, 0),
        device: part.device,
        precision: part.precision,
        layerCount: part.layerCount,
        basePath: part.basePath,
        postPath: part.postPath,
        source: part.source,
        rendering: part.rendering,
        scoredBy: part.scoredBy,
        whatIf: part.whatIf,
        holdOutSplit: part.holdOutSplit,
        prompts: part.prompts,
        baseUnavailable: part.baseUnavailable,
        notices: [...new Set(ordered.flatMap(({ notices }) => notices))],
        work: totalWork(ordered.map(({ work }) => work)),
        reusedPromptCount: ordered.reduce((sum, { reusedPromptCount }) => sum + reusedPromptCount, 0)
      },
      models,
      baselines,
      preview: null,
      rho: options.rho ?? part.rho,
      seed: options.seed ?? part.seed
    })
  )
  const fewShot = joinFewShot(part.prompts, owner, ordered)
  return fewShot === null ? merged : { ...merged, fewShot: fewShotScore(merged, fewShot) }
}

/** Joins the scores of base after a few-shot prompt; null if a part has none. */
function joinFewShot(
  prompts: SweepPart['prompts'],
  owner: ReturnType<typeof requireEachPromptOnce>,
  parts: readonly SweepPart[]
): NonNullable<SweepPart['fewShot']> | null {
  const byPart = new Map(parts.flatMap((part) => (part.fewShot ? [[part, part.fewShot] as const] : [])))
  const scored = [...byPart.values()]
  if (scored.length < parts.length) return null
  return {
    format: elementAt(scored, 0, 'part').format,
    work: totalWork(scored.map(({ work }) => work)),
    prompts: prompts.map((_, prompt) => {
      const { part, row } = mapGet(owner, prompt, 'owner of prompt')
      return elementAt(mapGet(byPart, part, 'part').prompts, row, 'score')
    })
  }
}

/** Checks that a part holds every model's scores on its prompts and that the numbers agree. */
function requireWhole({ file, part }: PartFile): void {
  const complain = (message: string): never => {
    throw fileError(`${file} ${message}`, 'Compute this part again.')
  }
  const { scoredPrompts, prompts, models } = part
  const scorer = scorerOf(part.scoredBy)
  if (scoredPrompts.some((prompt, index) => prompt <= (scoredPrompts[index - 1] ?? -1) || prompt >= prompts.length)) {
    complain('scores prompts that the sweep does not have, or does not list them in order.')
  }
  if (models.filter(({ model }) => model.kind === 'post').length !== 1) complain('does not score post once.')
  const scored = [
    ...models.map(({ model, prompts }) => ({ name: model.kind, scores: prompts })),
    ...part.baselines.map(({ baseline, prompts }) => ({ name: baseline.kind, scores: prompts })),
    ...(part.fewShot === undefined ? [] : [{ name: FEW_SHOT_WORD, scores: part.fewShot.prompts }])
  ]
  for (const { name, scores } of scored) {
    if (scores.length !== scoredPrompts.length) {
      complain(`has ${scores.length} scores of ${name} for ${scoredPrompts.length} prompts.`)
    }
    for (const [index, prompt] of scoredPrompts.entries()) {
      const validCount = elementAt(prompts, prompt, 'prompt').valid.length
      if (!isConsistent(elementAt(scores, index, 'score'), validCount, scorer)) {
        complain(`has a score of prompt ${prompt + 1} that contradicts its own probabilities.`)
      }
    }
  }
}

/** Fields that must be equal in all parts of a sweep, with words for an error. */
const SHARED = {
  basePath: 'another base model',
  postPath: 'another post model',
  source: 'ranges of another checkpoint',
  programVersion: 'another version of the program',
  device: 'another device',
  precision: 'another precision',
  layerCount: 'another number of layers',
  rendering: 'prompts rendered in another way',
  scoredBy: 'another task, sampler or number of draws',
  whatIf: 'other samplers to ask about',
  holdOutSplit: 'another half of the questions to choose on',
  prompts: 'other prompts',
  baseUnavailable: 'another base for comparison',
  models: 'other ranges or recipes',
  baselines: 'other baselines',
  rho: 'another rho',
  seed: 'another seed'
} as const satisfies Partial<Record<keyof SweepPart, string>>

function requireSameSweep(first: PartFile, other: PartFile, options: MergeOptions): void {
  const [firstValues, otherValues] = [sharedOf(first.part, options), sharedOf(other.part, options)]
  for (const [index, [name, value]] of otherValues.entries()) {
    if (canonical(value) === canonical(firstValues[index]?.[1])) continue
    throw mismatchError(
      `${other.file} does not belong to the sweep of ${first.file}: it is of ` +
        `${SHARED[name]}${shortValues(firstValues[index]?.[1], value)}.`,
      name === 'rho' || name === 'seed' ? `Choose one with --${name}.` : 'Merge parts of one sweep.'
    )
  }
  const [count, otherCount] = [first.part.shard.count, other.part.shard.count]
  if (count !== otherCount) {
    throw mismatchError(
      `${other.file} is a shard of ${otherCount}, ${first.file} one of ${count}.`,
      'Merge parts of one sweep.'
    )
  }
}

function sharedOf(part: SweepPart, options: MergeOptions): [keyof typeof SHARED, unknown][] {
  return [
    // Machines may store the same model in different folders.
    ['basePath', part.basePath.fingerprint],
    ['postPath', part.postPath.fingerprint],
    ['programVersion', part.programVersion],
    ['device', part.device],
    ['precision', part.precision],
    ['layerCount', part.layerCount],
    ['rendering', part.rendering],
    ['scoredBy', part.scoredBy],
    ['whatIf', part.whatIf],
    ['holdOutSplit', part.holdOutSplit],
    ['prompts', part.prompts],
    ['baseUnavailable', part.baseUnavailable],
    ['models', part.models.map(({ model }) => (model.kind === 'checkpoint' ? model.fingerprint : model))],
    ['baselines', part.baselines.map(({ baseline }) => baseline)],
    ['rho', options.rho ?? part.rho],
    ['seed', options.seed ?? part.seed]
  ]
}

/** Words two short values as "X, not Y"; empty for long ones. */
function shortValues(expected: unknown, actual: unknown): string {
  const isShort = (value: unknown): boolean => typeof value !== 'object' && String(value).length <= 20
  return isShort(expected) && isShort(actual) ? ` (${String(actual)}, not ${String(expected)})` : ''
}

function requireEachShardOnce(parts: readonly PartFile[]): void {
  const files = new Map<number, string>()
  for (const { file, part } of parts) {
    const { index } = part.shard
    const twice = files.get(index)
    if (twice !== undefined) {
      throw mismatchError(
        `${file} and ${twice} are both shard ${index} of ${part.shard.count}.`,
        'Leave one of them out.'
      )
    }
    files.set(index, file)
  }
  const count = elementAt(parts, 0, 'part').part.shard.count
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((index) => !files.has(index))
  if (missing.length === 0) return
  const named = missing.slice(0, 20).map((index) => `${index}/${count}`)
  const list = named.join(', ') + (missing.length > 20 ? ', …' : '')
  throw mismatchError(
    `Of ${plural(count, 'shard')} ${missing.length} ${missing.length === 1 ? 'is' : 'are'} missing: ${list}.`,
    `Compute ${missing.length === 1 ? 'it' : 'them'} with "slr sweep --shard ${elementAt(named, 0, 'shard')} ...".`
  )
}

/** Maps each prompt to the part that scores it, and to the row within that part. */
function requireEachPromptOnce(
  { prompts }: SweepPart,
  parts: readonly PartFile[]
): Map<number, { part: SweepPart; file: string; row: number }> {
  const owner = new Map<number, { part: SweepPart; file: string; row: number }>()
  for (const { file, part } of parts) {
    for (const [row, prompt] of part.scoredPrompts.entries()) {
      const other = owner.get(prompt)
      if (other !== undefined) {
        throw mismatchError(`${file} and ${other.file} both score prompt ${prompt + 1}.`)
      }
      owner.set(prompt, { part, file, row })
    }
  }
  const missing = prompts.findIndex((_, prompt) => !owner.has(prompt))
  if (missing === -1) return owner
  const files = parts.map(({ file }) => file).join(', ')
  throw mismatchError(`No part scores prompt ${missing + 1}: neither of ${files}.`)
}

/** Writes JSON with sorted keys, so that equal values give equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner
  )
}
