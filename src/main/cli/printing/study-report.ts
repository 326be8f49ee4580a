import { formatMemory } from '../../../contract/model/bytes'
import { DEVICE_LABELS } from '../../../contract/model/device'
import { planLine, roughTime } from '../../../contract/words/plan-words'
import { formatDuration, plural } from '../../../contract/words/format'
import type { AnswerPlan, StepPlan } from '../../study/plan-study'
import type { StepResult } from '../../study/step-result'
import { resultEndWords } from '../../work/work-list'
import type { StudyVerdict } from '../../study/study-verdicts'
import { checkCommandOf, describeVerdict, nextCommandsOf } from './verdict-report'
import { count, printable, table } from './output'

/* Output of `slr study` about its steps. */

export function endedLine(step: StepResult): string {
  const { key, outcome, seconds, work, result } = step
  if (outcome === 'written') return `Wrote ${result ?? ''}`
  return outcome === 'computed' ? `${key}: ${workWords(work)} in ${formatDuration(seconds)}` : resultEndWords(step)
}

/** Lists the work that a step did, such as "3 answers, 1 prompt read". */
function workWords({
  blockEvaluations,
  checked,
  answers,
  answerTokens,
  promptsRead,
  verdicts
}: StepResult['work']): string {
  const counts = [
    { value: blockEvaluations, words: plural(blockEvaluations, 'block evaluation') },
    { value: checked, words: `${plural(checked, 'range')} checked` },
    { value: answers, words: plural(answers, 'answer') },
    { value: answerTokens, words: plural(answerTokens, 'token') },
    { value: promptsRead, words: `${plural(promptsRead, 'prompt')} read` },
    { value: verdicts, words: plural(verdicts, 'verdict') }
  ]
  return counts
    .filter(({ value }) => value !== 0)
    .map(({ words }) => words)
    .join(', ')
}

/** Describes what a study found: the verdict for each pair and, on request, a table of the steps. */
export function describeResults(
  results: readonly StepResult[],
  verdicts: readonly StudyVerdict[],
  project: string,
  details: boolean
): string {
  const rows = results.map(({ key, outcome, work, seconds }) => [
    key,
    outcome,
    workWords(work),
    formatDuration(seconds)
  ])
  return [
    ...verdicts.map((verdict) => describePairVerdict(verdict, project, details)),
    ...(details ? [table([['step', 'how', 'computed now', 'time'], ...rows], 'lllr')] : []),
    `Project: ${printable(project)}`
  ].join('\n\n')
}

function describePairVerdict({ pair, demo, verdict }: StudyVerdict, project: string, details: boolean): string {
  if (verdict === null) return `${printable(pair)}: no ranges were scored, so none is selected.`
  // Pairs without a result have no verdict, so one verdict does not mean one pair.
  const resultPlace = { project, demo: demo ?? undefined, pair }
  const next = nextCommandsOf(resultPlace, checkCommandOf(resultPlace), verdict.range)
  return `${printable(pair)}:\n${describeVerdict(verdict, next, { details })}`
}

/** Describes a plan: each step, its state and its work, and the data that would leave this machine. */
export function describePlans(plans: readonly StepPlan[], project: string): string {
  const leaves = plans.flatMap((plan) => plan.leaves.map((text) => `${plan.key}: ${text}`))
  const omitted = plans.flatMap((plan) => plan.omitted.map((text) => `${plan.key}: ${text}`))
  return [
    table([['step', 'now', 'to do'], ...plans.map((plan) => [plan.key, plan.state, planWords(plan)])], 'lll'),
    ...omitted.map(printable),
    `Project: ${printable(project)}`,
    ...(leaves.length === 0 ? ['Nothing leaves this machine.'] : leaves.map(printable))
  ].join('\n')
}

function planWords({ state, sweep, ranges, answers, file, problem }: StepPlan): string {
  if (problem !== null) return `would fail: ${problem.message}`
  if (file !== null) return `writes ${file}`
  if (state === 'there') return ''
  if (sweep !== null) return planLine(sweep)
  if (ranges !== null) return `${plural(ranges, 'range')} on full answers`
  return answers === null ? 'joins finished results' : answerWords(answers)
}

function answerWords({
  prompts,
  variants,
  perVariant,
  missing,
  mostTokens: tokens,
  tokensPerSecond,
  device,
  memoryBytes
}: AnswerPlan): string {
  const all = prompts * variants * perVariant
  return [
    `${plural(prompts, 'prompt')} × ${plural(variants, 'variant')} at most × ${count(perVariant)}: ` +
      `${count(missing)} of ${plural(all, 'answer')}`,
    `at most ${plural(tokens, 'token')}${device === 'cpu' ? '' : ` on ${DEVICE_LABELS[device]}`}`,
    `within ${formatMemory(memoryBytes)}`,
    tokensPerSecond === null
      ? 'time unknown'
      : `at most ${roughTime(tokens / tokensPerSecond)} at ${count(tokensPerSecond)} tokens/s, as in a short trial`
  ].join(' · ')
}
