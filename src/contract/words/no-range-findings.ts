import type { VerdictFinding, VerdictEvidence } from './verdict-evidence'
import { formatPercent, formatScore, plural } from './format'
import { hasPreview } from './preview-words'
import { scoreWords } from './score-words'

/** If post fails one prompt in five, the prompts do not suit it. */
const MIN_POST_VALIDITY = 0.8
/** Validity of a prompt below which post answers it more often wrongly than rightly. */
const MIN_PROMPT_VALIDITY = 0.5

/** Reports whether base and post look exchanged. Post-training makes answers more valid and less diverse. */
const looksSwapped = ({ base, post, source }: VerdictEvidence): boolean =>
  source === null && base !== null && base.validity > post.validity && base.diversity < post.diversity

/** Finds that post itself often fails the prompts; null if it does not. */
export function unfitPrompts(evidence: VerdictEvidence): VerdictFinding | null {
  const { post, check, sampler = null } = evidence
  const validity = Math.min(post.validity, check?.post.answers.validity ?? 1)
  if (validity >= MIN_POST_VALIDITY) return null
  const failed = post.prompts.filter((prompt) => prompt.validity < MIN_PROMPT_VALIDITY).length
  const failures = `${failed} of ${plural(post.prompts.length, 'prompt')}`
  const subject = sampler === null ? 'The prompts do not fit this model' : 'Post itself fails under this sampler'
  const headline = `${subject}: post is valid only ${formatPercent(validity)} of the time.`
  const which = failed === 0 ? '' : `Post is mostly wrong on ${failures}. `
  const todo =
    sampler !== null
      ? 'Use a lower temperature or a higher min-p.'
      : looksSwapped(evidence)
        ? 'Base is valid more often than post. Check that base and post are not exchanged.'
        : `${which}Change the prompts until post is valid, then sweep again.`
  const figures = [{ label: 'validity of post', value: formatPercent(validity) }]
  if (failed > 0) figures.push({ label: 'mostly wrong on', value: failures })
  return {
    state: 'unfit-prompts',
    headline,
    figures,
    caveat: headline,
    action: { kind: 'prompts', text: todo },
    better: null
  }
}

/** Finds that no range keeps enough validity and is more diverse than post. */
export function noneQualifies(evidence: VerdictEvidence): VerdictFinding {
  const { selection, scoredBy, post } = evidence
  const words = scoreWords(scoredBy)
  const limit = formatScore(selection.minimumValidity)
  const isPreview = hasPreview(evidence)
  const required = `${words.validity} ${limit} and more ${words.diversity} than post`
  const headline = isPreview
    ? `No exact range of this preview has ${required}.`
    : `No range to restore: none has ${required}, ${formatScore(post.diversity)}.`
  return {
    state: 'none-qualifies',
    headline,
    figures: [{ label: `${words.validity} limit`, value: limit }],
    caveat: headline,
    action: isPreview
      ? { kind: 'sweep-rest', text: 'Sweep the rest: ranges that are only estimated may qualify.' }
      : { kind: 'limit', text: `Accept a lower ${words.validity} limit: it lets more ranges in.` },
    better: null
  }
}
