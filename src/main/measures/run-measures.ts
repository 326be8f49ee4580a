import type { SampleRun, SampleRunMeasures, ShownSample } from '../../contract/documents/samples'
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
 * How diverse each cell's answers are, and each variant's on average over the prompts it has answers to. 10,000 long
 * answers take a second or more: main has a process do it (measures/host.ts).
 */
export function runMeasures(
  run: Pick<SampleRun, 'prompts' | 'variants'>,
  samples: readonly ShownSample[]
): SampleRunMeasures {
  const cells = sampleCells(run, samples).map(({ variant, prompt, samples: answers }) => ({
    variant,
    prompt,
    measures: sampleMeasures(answers.map(({ text }) => text))
  }))
  const variants = run.variants.map(({ name }) => ({
    variant: name,
    measures: averageMeasures(
      cells
        .filter((cell) => cell.variant === name && cell.measures.sampleCount > 0)
        .map((cell) => cell.measures)
    )
  }))
  return { cells, variants }
}

function cellKey({ variant, prompt }: { variant: string; prompt: number }): string {
  return `${prompt} ${variant}`
}
