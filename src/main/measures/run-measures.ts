import type {
  ComparedAnswers,
  MeanPrompts,
  SampleMeasures,
  SampleRun,
  SampleRunMeasures,
  ShownSample
} from '../../contract/documents/samples'
import { elementAt } from '../../contract/model/look-up'
import { TEXT_MEASURES } from '../../contract/model/measures'
import { averageMeasures, sampleMeasures } from './sample-measures'
import { multimap } from '../../contract/model/multimap'

export interface SampleCell {
  variant: string
  prompt: number
  samples: ShownSample[]
}

export function sampleCells(
  run: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly ShownSample[]
): SampleCell[] {
  const ordered = samples.toSorted((a, b) => a.index - b.index)
  const samplesByCell = multimap(ordered.map((sample) => [cellKey(sample), sample]))
  return run.prompts.flatMap((_, prompt) =>
    run.variants.map(({ name }) => {
      const cell = { variant: name, prompt }
      return { ...cell, samples: samplesByCell.get(cellKey(cell)) ?? [] }
    })
  )
}

/**
 * Computes how diverse the answers of each cell are, and the mean of each variant. Means of variants can be compared:
 * they are over prompts that all variants have answered, and use equally many answers of each variant. Computing may
 * take seconds, so main runs this function in another process.
 */
export function runMeasures(
  run: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly ShownSample[]
): SampleRunMeasures {
  const cells = sampleCells(run, samples).map((cell) => ({ ...cell, measures: measuresOf(cell.samples) }))
  const answering = new Set(samples.map(({ variant }) => variant))
  const counts = run.prompts.map((_, prompt) => {
    const promptCells = cells.filter((cell) => cell.prompt === prompt && answering.has(cell.variant))
    return promptCells.length === 0 ? 0 : Math.min(...promptCells.map((cell) => cell.samples.length))
  })
  const variants = run.variants.map(({ name }) => {
    const variantCells = answering.has(name) ? cells.filter(({ variant }) => variant === name) : []
    const compared = variantCells.flatMap(({ prompt, samples: answers, measures }) => {
      const count = elementAt(counts, prompt, 'prompt')
      if (count === 0) return []
      return answers.length === count ? measures : measuresOf(answers.slice(0, count))
    })
    return { variant: name, measures: averageMeasures(compared), promptCounts: promptCounts(compared) }
  })
  return {
    cells: cells.map(({ variant, prompt, measures }) => ({ variant, prompt, measures })),
    compared: comparedAnswers(counts.filter((count) => count > 0)),
    variants
  }
}

const promptCounts = (cells: readonly SampleMeasures[]): MeanPrompts =>
  Object.fromEntries(
    TEXT_MEASURES.flatMap(({ id }) => {
      const count = cells.filter(({ values }) => values[id] !== undefined).length
      return count === 0 ? [] : [[id, count]]
    })
  )

const measuresOf = (answers: readonly ShownSample[]): SampleMeasures => sampleMeasures(answers.map(({ text }) => text))

const comparedAnswers = (counts: readonly number[]): ComparedAnswers => ({
  prompts: counts.length,
  fewest: counts.length === 0 ? 0 : Math.min(...counts),
  most: counts.length === 0 ? 0 : Math.max(...counts)
})

function cellKey({ variant, prompt }: { variant: string; prompt: number }): string {
  return `${prompt} ${variant}`
}
