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

/** A variant's answers to one prompt. */
export interface SampleCell {
  /** The variant's name, and the prompt's index in the run. */
  variant: string
  prompt: number
  samples: ShownSample[]
}

/** Every prompt with every variant, prompts outermost, with the answers so far in the order of their index. */
export function sampleCells(
  run: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly ShownSample[]
): SampleCell[] {
  const ordered = samples.toSorted((a, b) => a.index - b.index)
  const ofCell = multimap(ordered.map((sample) => [cellKey(sample), sample]))
  return run.prompts.flatMap((_, prompt) =>
    run.variants.map(({ name }) => {
      const cell = { variant: name, prompt }
      return { ...cell, samples: ofCell.get(cellKey(cell)) ?? [] }
    })
  )
}

/**
 * How diverse each cell's answers are, and each variant's on average. Every measure depends on how many answers it is taken
 * of, and a stopped run has more of one variant than of another: the averages are over the prompts that all variants with
 * answers have answers to, and there over the first n of each, n being what the one with the fewest has. 10,000 long answers
 * take a second or more: main has a process do it (measures/host.ts).
 */
export function runMeasures(
  run: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly ShownSample[]
): SampleRunMeasures {
  const cells = sampleCells(run, samples).map((cell) => ({ ...cell, measures: measured(cell.samples) }))
  const answering = new Set(samples.map(({ variant }) => variant))
  const counts = run.prompts.map((_, prompt) => {
    const own = cells.filter((cell) => cell.prompt === prompt && answering.has(cell.variant))
    return own.length === 0 ? 0 : Math.min(...own.map((cell) => cell.samples.length))
  })
  const variants = run.variants.map(({ name }) => {
    const own = answering.has(name) ? cells.filter(({ variant }) => variant === name) : []
    const compared = own.flatMap(({ prompt, samples: answers, measures }) => {
      const count = elementAt(counts, prompt, 'prompt')
      if (count === 0) return []
      return answers.length === count ? measures : measured(answers.slice(0, count))
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

const measured = (answers: readonly ShownSample[]): SampleMeasures =>
  sampleMeasures(answers.map(({ text }) => text))

/** @param counts of the prompts that are compared */
const comparedAnswers = (counts: readonly number[]): ComparedAnswers => ({
  prompts: counts.length,
  fewest: counts.length === 0 ? 0 : Math.min(...counts),
  most: counts.length === 0 ? 0 : Math.max(...counts)
})

function cellKey({ variant, prompt }: { variant: string; prompt: number }): string {
  return `${prompt} ${variant}`
}
