import { plural } from '../../../contract/words/format'
import type { PromptScore, SweepDocument } from '../../../contract/documents/crc'
import { totalWork } from '../../../contract/documents/sweep-work'
import { fileError, inputError, mismatchError } from '../../../contract/model/problem'
import type { SweepPart } from '../../../contract/documents/sweep-part'
import { assembleSweep } from './assemble-sweep'
import { runToEnd } from '../../base/steps'
import { scorerOf } from '../task/scorer'
import { isConsistent } from './earlier-results'
import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { fewShotScore } from './few-shot-base'
import { elementAt, mapGet } from '../../../contract/model/look-up'

/** A part of a sweep, with the name of its file for errors. */
interface PartFile {
  file: string
  part: SweepPart
}

/** Settings of the selection that replace those of the parts. */
interface MergeOptions {
  rho?: number
  seed?: number
}

/** Joins the parts of a sweep, in any order, into the document that one machine would have computed. */
export function mergeParts(parts: readonly PartFile[], options: MergeOptions): SweepDocument {
  const [first] = parts
  if (first === undefined) throw inputError('There are no parts to merge.')
  for (const other of parts) requireSameSweep(first, other, options)
  for (const part of parts) requireWhole(part)
  requireEachShardOnce(parts)
  const owners = requireEachPromptOnce(first.part, parts)

  const { part } = first
  const ordered = [...parts].sort((a, b) => a.part.shard.index - b.part.shard.index).map(({ part }) => part)
  const joined = (scoresOf: (part: SweepPart) => readonly PromptScore[] | undefined): PromptScore[] =>
    part.prompts.map((_, prompt) => {
      const owner = mapGet(owners, prompt, 'owner of prompt')
      const scores = scoresOf(owner.part)
      if (scores === undefined) throw new RangeError('a part lacks scores of a model')
      return elementAt(scores, owner.row, 'score')
    })
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
      models: part.models.map(({ model }, index) => ({
        model,
        prompts: joined(({ models }) => elementAt(models, index, 'model').prompts)
      })),
      baselines: part.baselines.map(({ baseline }, index) => ({
        baseline,
        prompts: joined(({ baselines }) => elementAt(baselines, index, 'baseline').prompts)
      })),
      preview: null,
      rho: options.rho ?? part.rho,
      seed: options.seed ?? part.seed
    })
  )
  const fewShot = ordered.flatMap(({ fewShot }) => (fewShot === undefined ? [] : [fewShot]))
  const [scored] = fewShot
  if (scored === undefined || fewShot.length < ordered.length) return merged
  const { format } = scored
  const work = totalWork(fewShot.map(({ work }) => work))
  const prompts = joined(({ fewShot }) => fewShot?.prompts)
  return { ...merged, fewShot: fewShotScore(merged, { format, work, prompts }) }
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
  const scored: { name: string; scores: readonly PromptScore[] }[] = [
    ...models.map(({ model, prompts }) => ({ name: model.kind, scores: prompts })),
    ...part.baselines.map(({ baseline, prompts }) => ({ name: baseline.kind, scores: prompts }))
  ]
  if (part.fewShot !== undefined) scored.push({ name: FEW_SHOT_WORD, scores: part.fewShot.prompts })
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

function requireSameSweep(first: PartFile, other: PartFile, options: MergeOptions): void {
  const expected = sharedValues(first.part, options)
  for (const [what, value] of Object.entries(sharedValues(other.part, options))) {
    if (canonical(value) === canonical(expected[what])) continue
    const option = ['rho', 'seed'].find((name) => what === `another ${name}`)
    throw mismatchError(
      `${other.file} does not belong to the sweep of ${first.file}: it is of ` +
        `${what}${shortValues(expected[what], value)}.`,
      option === undefined ? 'Merge parts of one sweep.' : `Choose one with --${option}.`
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

/** Lists the values that must be equal in all parts of a sweep, by the words for a part in which they differ. */
const sharedValues = (part: SweepPart, options: MergeOptions): Record<string, unknown> => ({
  // Machines may store the same model in different folders.
  'another base model': part.basePath.fingerprint,
  'another post model': part.postPath.fingerprint,
  'ranges of another checkpoint': part.source?.fingerprint ?? null,
  'another version of the program': part.programVersion,
  'another device': part.device,
  'another precision': part.precision,
  'another number of layers': part.layerCount,
  'prompts rendered in another way': part.rendering,
  'another task, sampler or number of draws': part.scoredBy,
  'other samplers to ask about': part.whatIf,
  'another half of the questions to choose on': part.holdOutSplit,
  'other prompts': part.prompts,
  'another base for comparison': part.baseUnavailable,
  'other ranges or recipes': part.models.map(({ model }) => (model.kind === 'checkpoint' ? model.fingerprint : model)),
  'other baselines': part.baselines.map(({ baseline }) => baseline),
  'another rho': options.rho ?? part.rho,
  'another seed': options.seed ?? part.seed
})

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
