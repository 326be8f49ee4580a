import type { ReportedExcerpt, ReportedOrigin, ReportedSamples } from '../../contract/documents/report'
import type { SampleLine, SampleRun, SampleRunMeasures } from '../../contract/documents/samples'
import type { CheckpointReference } from '../../contract/model/checkpoint'
import { preferenceTallies } from '../measures/preferences'
import { sampleCells } from '../measures/run-measures'
import { countAnswers } from '../measures/texts/distinct-answers'
import type { ComputedFrom } from './option-words'
import { shownModelName } from './shown-command'

/** Limits of the answers that a report shows of a sample run. */
const EXCERPT_PROMPTS = 4
const EXCERPT_ANSWERS = 4
const EXCERPT_CHARACTERS = 300

/** Names the checkpoints of a result. @param changed the members of the pair that have changed since */
export function reportedOrigin(
  { basePath, postPath }: ComputedFrom,
  changed: ReportedOrigin['changed']
): ReportedOrigin {
  const named = ({ path, fingerprint }: CheckpointReference): ReportedOrigin['base'] => ({
    name: shownModelName(path),
    fingerprint
  })
  return { base: named(basePath), post: named(postPath), changed }
}

/** Describes a sample run for a report. @param shown parts that the caller has prepared for sharing */
export function reportedSamples(
  run: SampleRun,
  samples: readonly SampleLine[],
  { variants: measures, compared }: SampleRunMeasures,
  shown: Pick<ReportedSamples, 'variants' | 'origin' | 'annotations' | 'notices'>
): ReportedSamples {
  return {
    ...run,
    ...shown,
    promptCount: run.prompts.length,
    answerCount: samples.length,
    measures: measures.map(({ measures, promptCounts }) => ({ ...measures, promptCounts })),
    compared,
    preferences: preferenceTallies(run.marks, run.variants),
    excerpts: excerpts(run, samples)
  }
}

function excerpts(run: SampleRun, samples: readonly SampleLine[]): ReportedExcerpt[] {
  const excerpt = { variants: run.variants, prompts: run.prompts.slice(0, EXCERPT_PROMPTS) }
  const excerptSamples = samples.filter(({ prompt }) => prompt < EXCERPT_PROMPTS)
  const cells = sampleCells(excerpt, excerptSamples)
  return excerpt.prompts.map(({ text, category }, index) => ({
    prompt: shortened(text),
    category,
    cells: cells
      .filter(({ prompt }) => prompt === index)
      .map((cell) => {
        const answers = countAnswers(cell.samples.map((sample) => sample.text))
        return {
          answerCount: cell.samples.length,
          distinctCount: answers.length,
          answers: answers.slice(0, EXCERPT_ANSWERS).map(({ text, count }) => ({ text: shortened(text), count }))
        }
      })
  }))
}

function shortened(text: string): string {
  const characters = [...text]
  return characters.length <= EXCERPT_CHARACTERS ? text : `${characters.slice(0, EXCERPT_CHARACTERS).join('')}…`
}
