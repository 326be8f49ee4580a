import type { OtherSweep, Report } from '../../../contract/documents/report'
import { verdictText } from '../../../contract/words/verdict'
import { capitalised, formatScore, formatUtc, plural, rangePhrase } from '../../../contract/words/format'
import { scoredByWords, scoreWords } from '../../../contract/words/score-words'
import { type Block, block, type Section } from '../blocks'
import { verdictBlocks } from './verdict'
import { shellCommand } from '../shown-command'

/** Shows the newest sweep of each other scoring and source. Empty without such a sweep. */
export function otherSweepsSections({ otherSweeps, project, pairs }: Report): Section[] {
  if (otherSweeps.length === 0) return []
  const pair = pairs?.shown ?? null
  const report = ['slr', 'report', project.folder, ...(pair === null ? [] : ['--pair', pair])]
  return [
    {
      id: 'other-sweeps',
      title: 'Other sweeps',
      blocks: [
        block.paragraph(
          'The other sections describe one sweep. These are the newest sweeps of every other kind. ' +
            'The command shows one in full.'
        ),
        ...otherSweeps.flatMap((sweep) =>
          sweepBlocks(sweep, shellCommand([[...report, '--sweep', sweep.id.slice(0, 8)]]))
        )
      ]
    }
  ]
}

const kindWords = ({ scoredBy, source }: OtherSweep): string =>
  `scored by ${scoredByWords(scoredBy)}${source === null ? '' : `, restored to ${source.name}`}`

export const otherSweepsAtAGlance = ({ otherSweeps }: Report): Block[] =>
  otherSweeps.map((sweep) => block.paragraph(`Another sweep, ${kindWords(sweep)}: ${findingWords(sweep)}`))

const findingWords = ({ verdict }: OtherSweep): string =>
  verdict === null ? 'No ranges were scored, so none is selected.' : verdictText(verdict)

function sweepBlocks(sweep: OtherSweep, report: string): Block[] {
  const { id, createdAt, scoredBy, promptCount, verdict, post, best, source } = sweep
  const words = scoreWords(scoredBy)
  const measured = ({ validity, diversity }: OtherSweep['post']): string =>
    `${words.validity} ${formatScore(validity)}, ${words.diversity} ${formatScore(diversity)}`
  return [
    block.heading(capitalised(kindWords(sweep))),
    ...(verdict === null ? [block.lead(findingWords(sweep))] : verdictBlocks(verdict)),
    block.facts([
      ['Best range', best === null ? 'none' : `${rangePhrase(best.range, source)}: ${measured(best)}`],
      ['Post', measured(post)],
      ['Sweep', `${id}, ${formatUtc(createdAt)}, ${plural(promptCount, words.prompt)}`],
      ['In full', report]
    ])
  ]
}
