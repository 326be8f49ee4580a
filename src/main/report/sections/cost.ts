import type { Variant } from '../../../contract/documents/samples'
import { isExternal } from '../../../contract/model/model'
import { needsBase } from '../../../contract/model/sampling-baseline'
import { formatCount, formatDuration, plural } from '../../../contract/words/format'
import { nameStyle } from '../../../contract/documents/variant-styles'
import type { Report } from '../../../contract/documents/report'
import { type Block, type TableCell, numberColumn, type Section, textColumn } from '../blocks'
import { rangesWords } from './sweep-findings'
import { BLOCK_EVALUATION, workCell } from './work-cell'

/** What finding a range took, and what each way to diversity takes when it answers; none where nothing was computed. */
export function costSections({ sweep, evaluations }: Report): Section[] {
  const blocks: Block[] = [
    ...(sweep === null ? [] : [searchTable(sweep)]),
    ...(evaluations.length === 0 ? [] : [answerTable(evaluations)])
  ]
  return blocks.length === 0 ? [] : [{ id: 'cost', title: 'Cost', blocks }]
}

function searchTable(sweep: NonNullable<Report['sweep']>): Block {
  const { seconds, promptCount, uniformBlends, check, search, reusedPromptCount } = sweep
  const reused =
    reusedPromptCount === 0 ? {} : { detail: `${plural(reusedPromptCount, 'prompt')} were known` }
  const rows: TableCell[][] = [
    [
      { text: 'sweep', ...reused },
      {
        text: `${plural(promptCount, 'prompt')}: ${rangesWords(sweep)}, and ${plural(uniformBlends.length, 'uniform blend')}`
      },
      workCell(sweep),
      { text: formatDuration(seconds) }
    ]
  ]
  if (check !== null) {
    rows.push([
      { text: 'check on whole answers', detail: 'the last one' },
      { text: plural(check.models.length, 'recipe') },
      { text: '–' },
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
  return {
    kind: 'table',
    label: `What it took to find, once for the pair; ${BLOCK_EVALUATION}`,
    columns: [textColumn('Step'), textColumn('what'), numberColumn('work'), numberColumn('time')],
    rows
  }
}

function answerTable(evaluations: Report['evaluations']): Block {
  const answered = new Map<string, { variant: Variant; answers: number }>()
  for (const { variants, results } of evaluations) {
    for (const [index, { variant }] of variants.entries()) {
      const answers = results.variants[index]?.answerCount ?? 0
      const before = answered.get(variant.name)?.answers ?? 0
      answered.set(variant.name, { variant, answers: before + answers })
    }
  }
  const asked = [...answered.values()].map(({ variant }) => variant)
  return {
    kind: 'table',
    label: 'What an answer takes: passes through a model for each token, and models whose weights are held',
    columns: [
      textColumn('Variant'),
      numberColumn('passes a token'),
      numberColumn('models held'),
      numberColumn('answers')
    ],
    rows: [...answered.values()].map(({ variant, answers }): TableCell[] => {
      const models = modelsOf(variant)
      return [
        { text: variant.name, ...nameStyle(asked, variant) },
        { text: models === null ? 'elsewhere' : String(models) },
        { text: models === null ? 'elsewhere' : String(models) },
        { text: formatCount(answers) }
      ]
    })
  }
}

/** As many as are computed for each token; null where another program answered. */
function modelsOf(variant: Variant): number | null {
  if (isExternal(variant)) return null
  return variant.kind === 'baseline' && needsBase(variant.baseline) ? 2 : 1
}
