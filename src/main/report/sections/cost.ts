import type { Variant } from '../../../contract/documents/samples'
import { isExternal } from '../../../contract/model/model'
import { needsBase } from '../../../contract/model/sampling-baseline'
import { formatCount, formatDuration, plural } from '../../../contract/words/format'
import type { Report } from '../../../contract/documents/report'
import { type Block, block, DASH, numberColumn, type Section, type TableCell, textColumn, variantCell } from '../blocks'
import { rangesWords } from './sweep-findings'
import { BLOCK_EVALUATION, workCell } from './work-cell'

/** Shows how much was computed to find a range, and to generate answers of each variant. Empty without either. */
export function costSections({ sweep, evaluations }: Report): Section[] {
  const blocks: Block[] = [
    ...(sweep === null ? [] : [searchTable(sweep)]),
    ...(evaluations.length === 0 ? [] : [answerTable(evaluations)])
  ]
  return blocks.length === 0 ? [] : [{ id: 'cost', title: 'Cost', blocks }]
}

function searchTable(sweep: NonNullable<Report['sweep']>): Block {
  const { seconds, promptCount, uniformBlends, check, search, reusedPromptCount } = sweep
  const reused = reusedPromptCount === 0 ? {} : { detail: `reuses ${plural(reusedPromptCount, 'prompt')}` }
  const rows: TableCell[][] = [
    [
      { text: 'sweep', ...reused },
      {
        text: `${plural(promptCount, 'prompt')}: ${rangesWords(sweep)}, and ${plural(uniformBlends.length, 'blend')}`
      },
      workCell(sweep),
      { text: formatDuration(seconds) }
    ]
  ]
  if (check !== null) {
    rows.push([
      { text: 'full-answer check', detail: 'the last one' },
      { text: plural(check.models.length, 'recipe') },
      DASH,
      { text: formatDuration(check.seconds) }
    ])
  }
  if (search !== null) {
    rows.push([
      { text: 'search' },
      { text: plural(search.generations.length, 'generation') },
      { text: plural(search.work.blockEvaluations, 'block evaluation') },
      { text: formatDuration(search.seconds) }
    ])
  }
  const columns = [textColumn('Step'), textColumn('scored'), numberColumn('work'), numberColumn('time')]
  return block.table(`Work of the search, once for the pair. ${BLOCK_EVALUATION}`, columns, rows)
}

/** Shows the work of each variant's answers, over all evaluations. */
function answerTable(evaluations: Report['evaluations']): Block {
  const countByName = new Map<string, { variant: Variant; answers: number }>()
  for (const { variants, results } of evaluations) {
    for (const [index, { variant }] of variants.entries()) {
      const answers = results.variants[index]?.answerCount ?? 0
      const before = countByName.get(variant.name)?.answers ?? 0
      countByName.set(variant.name, { variant, answers: before + answers })
    }
  }
  const answering = [...countByName.values()].map(({ variant }) => variant)
  return block.table(
    'Work of an answer: passes through a model for each token, and models in memory',
    [textColumn('Variant'), numberColumn('passes a token'), numberColumn('models in memory'), numberColumn('answers')],
    [...countByName.values()].map(({ variant, answers }): TableCell[] => {
      const models = modelsOf(variant)
      return [
        variantCell(answering, variant),
        { text: models === null ? 'external' : String(models) },
        { text: models === null ? 'external' : String(models) },
        { text: formatCount(answers) }
      ]
    })
  )
}

/** Counts the models that are computed for each token; null for an external model. */
function modelsOf(variant: Variant): number | null {
  if (isExternal(variant)) return null
  return variant.kind === 'baseline' && needsBase(variant.baseline) ? 2 : 1
}
