import type { OtherSweep, Report } from '../../../contract/documents/report'
import { verdictText } from '../../../contract/words/verdict'
import { capitalised, formatScore, formatUtc, plural, rangePhrase } from '../../../contract/words/format'
import { scoredByWords, scoreWords } from '../../../contract/words/score-words'
import { type Block, paragraph, type Section } from '../blocks'
import { verdictBlocks } from './verdict'
import { shellCommand } from '../shown-command'

/** What the sweeps found that are not shown: scored by something else, or restored to another checkpoint. */
export function otherSweepsSections({ otherSweeps, project, pairs }: Report): Section[] {
  if (otherSweeps.length === 0) return []
  const pair = pairs?.shown ?? null
  const report = ['slr', 'report', project.folder, ...(pair === null ? [] : ['--pair', pair])]
  return [
    {
      id: 'other-sweeps',
      title: 'Other sweeps',
      blocks: [
        paragraph(
          'The rest of this page is of one sweep. These are the newest of every other kind; each has a page of its own by the command named.'
        ),
        ...otherSweeps.flatMap((sweep) =>
          oneSweep(sweep, shellCommand([[...report, '--sweep', sweep.id.slice(0, 8)]]))
        )
      ]
    }
  ]
}

/** By what it is scored, and where that is not base to what it restores. */
const kindWords = ({ scoredBy, source }: OtherSweep): string =>
  `scored by ${scoredByWords(scoredBy)}${source === null ? '' : `, restored to ${source.name}`}`

/** For the top of the page: that there are more, and what they found. */
export const otherSweepsAtAGlance = ({ otherSweeps }: Report): Block[] =>
  otherSweeps.map((sweep) => paragraph(`Another sweep, ${kindWords(sweep)}: ${foundWords(sweep)}`))

const foundWords = ({ verdict }: OtherSweep): string =>
  verdict === null ? 'No ranges were scored, so none is selected.' : verdictText(verdict)

function oneSweep(sweep: OtherSweep, report: string): Block[] {
  const { id, createdAt, scoredBy, promptCount, verdict, post, best, source } = sweep
  const words = scoreWords(scoredBy)
  const measured = ({ validity, diversity }: OtherSweep['post']): string =>
    `${words.validity} ${formatScore(validity)}, ${words.diversity} ${formatScore(diversity)}`
  return [
    { kind: 'heading', text: capitalised(kindWords(sweep)) },
    ...(verdict === null ? [{ kind: 'lead', text: foundWords(sweep) } as const] : verdictBlocks(verdict)),
    {
      kind: 'facts',
      facts: [
        ['Best range', best === null ? 'none' : `${rangePhrase(best.range, source)}: ${measured(best)}`],
        ['Post', measured(post)],
        ['Sweep', `${id}, ${formatUtc(createdAt)}, ${plural(promptCount, words.prompt)}`],
        ['In full', report]
      ]
    }
  ]
}
