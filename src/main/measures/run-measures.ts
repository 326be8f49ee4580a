import {
  isCounted,
  type ComparedAnswers,
  type MeanPrompts,
  type SampleMeasures,
  type SampleRun,
  type SampleRunMeasures,
  type ShownSample
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

/** Sorts the answers of a run into cells, prompt by prompt. Cells without answers are included. */
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
 * Computes how diverse the answers of each cell are, and the mean of each variant over prompts. To make means
 * comparable, they use only prompts that all answering variants have answered, and as many answers as the variant with
 * the fewest has. Refused and failed answers do not count. Computing may take seconds, so main runs this
 * function in another process.
 */
export function runMeasures(
  run: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly ShownSample[]
): SampleRunMeasures {
  const cells = sampleCells(run, samples.filter(isCounted)).map((cell) => ({
    ...cell,
    measures: measuresOf(cell.samples)
  }))
  const answering = new Set(samples.map(({ variant }) => variant))
  // Number of compared answers of each variant to each prompt.
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

/** Counts the prompts on which each measure has a value. */
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
