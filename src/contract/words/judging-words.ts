import type { Judging } from '../documents/judge'
import type { JudgeWay } from '../model/judge-way'
import type { MeasureId } from '../model/measures'
import { formatCount, plural } from './format'
import { showDirectionCharacters } from './direction-characters'

const WORDS: Readonly<Record<JudgeWay, { who: string; asked: string; verdict: string; part: string }>> = {
  marks: {
    who: 'Judge',
    asked: 'different answer',
    verdict: 'score from 1 to 10',
    part: 'its scores cover only these, and nothing is compared by them'
  },
  pairs: {
    who: 'Judge of pairs',
    asked: 'question',
    verdict: 'choice of A, B or TIE',
    part: 'pairs without both orders are left out'
  },
  forms: {
    who: 'Reader of what answers mean',
    asked: 'different answer',
    verdict: 'form of an answer',
    part: 'meaning is measured only where all answers of a variant to a prompt are read'
  }
}

/** Returns a warning for each judge with unusable replies. */
export const judgingNotices = (judging: readonly Judging[]): string[] =>
  judging.flatMap((one) => {
    const parts = [unfinished(one), unread(one), otherwiseCalled(one)].filter((part) => part !== null)
    return parts.length === 0 ? [] : [`${WORDS[one.way].who} ${one.model} ${parts.join('; it ')}.`]
  })

export const isUnusable = ({ done, total, usable }: Judging): boolean => done > 0 && done === total && usable === 0

export const isJudged = ({ done, total }: Judging): boolean => done === total

/** Says how many answers a judge's measure covers; empty if all, and for other measures. */
export function judgedShare(id: MeasureId, judging: readonly Judging[]): string {
  const marks = id === 'judge' ? judging.find(({ way }) => way === 'marks') : undefined
  return marks === undefined || marks.usable === marks.total
    ? ''
    : `${formatCount(marks.usable)} of ${plural(marks.total, 'different answer')} scored`
}

function unfinished({ way, done, total }: Judging): string | null {
  if (done === total) return null
  const { asked, part } = WORDS[way]
  const rests = done === 0 ? 'nothing is judged' : part
  return `has replied to ${formatCount(done)} of ${plural(total, asked)} only: ${rests}`
}

function unread(judging: Judging): string | null {
  const { way, done, unreadable, example } = judging
  if (unreadable === 0) return null
  const such = example === null ? '' : ` (such as ${example === '' ? 'one without text' : quoted(example)})`
  const which = unreadable === done ? replies(done) : `${formatCount(unreadable)} of ${replies(done)}`
  return `gave ${which} that ${unreadable === 1 ? 'was' : 'were'} no ${WORDS[way].verdict}${such}${cost(judging)}`
}

function cost({ way, done, total, unreadable, usable }: Judging): string {
  if (unreadable === done) return ', so nothing is judged'
  if (way !== 'pairs') return ', left out of its numbers'
  return `, so ${formatCount(usable)} of ${plural(total / 2, 'pair')} are judged in both orders`
}

const otherwiseCalled = ({ otherModels }: Judging): string | null =>
  otherModels.length === 0 ? null : `calls itself ${otherModels.map(quoted).join(', ')}`

export const replies = (count: number): string => (count === 1 ? '1 reply' : `${formatCount(count)} replies`)

const quoted = (text: string): string => `“${showDirectionCharacters(text.replace(/[\p{Cc}\s]+/gu, ' '))}”`
