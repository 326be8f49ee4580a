import { type Command } from 'commander'
import { z } from 'zod'
import { rubricOf, type TaskKind } from '../../contract/model/task-kinds'
import {
  DEFAULT_JUDGE,
  type JudgeProgress,
  JudgeSettings,
  type JudgeVerdict,
  judgeWarning,
  type PairVerdict
} from '../../contract/documents/judge'
import { describeIssue } from '../../contract/model/problem'
import { readTextFile } from '../base/files/bounded-file'
import { judgeAnswers, judgeKey } from '../evaluation/judge'
import { judgePairs } from '../evaluation/judge-pairs'
import type { EvaluationFiles } from '../project/evaluation-files'
import { usageError, wholeNumber } from './options'
import { count, remark } from './output'
import { progressDisplay } from './progress'

const MAX_RUBRIC_BYTES = 100_000

export const JudgeOptions = z.strictObject({
  judgeUrl: z.string().optional(),
  judgeModel: z.string().optional(),
  judgeKey: z.string().optional(),
  judgeRubric: z.string().optional(),
  judgePairs: z.boolean().optional(),
  judgeAnswers: z.number().optional(),
  judgeRate: z.number().optional()
})
type JudgeOptions = z.infer<typeof JudgeOptions>

export function withJudgeOptions(command: Command): Command {
  return command
    .optionsGroup(
      'A judge of the answers (sends prompts and answers to it; off unless its address is given):'
    )
    .option('--judge-url <url>', 'chat endpoint in the form of OpenAI, such as http://localhost:8080/v1')
    .option('--judge-model <name>', 'the model that marks')
    .option('--judge-pairs', 'compare every two variants, in both orders, instead of marking answers')
    .option('--judge-key <variable>', 'environment variable with its API key, such as OPENAI_API_KEY')
    .option('--judge-rubric <file>', 'text of what to mark (default: one for the kind of task)')
    .option(
      '--judge-answers <n>',
      `answers per prompt and variant; of pairs, in each set (default: ${DEFAULT_JUDGE.answersPerPrompt})`,
      wholeNumber(1, 100_000)
    )
    .option(
      '--judge-rate <n>',
      `most requests a minute (default: ${DEFAULT_JUDGE.requestsPerMinute})`,
      wholeNumber(1, 100_000)
    )
}

/** @returns null when no judge was asked for. @throws a usage error naming the option that is wrong or missing */
export async function judgeFrom(
  options: JudgeOptions,
  kind: TaskKind,
  command: Command
): Promise<JudgeSettings | null> {
  const { judgeUrl, judgeModel, judgeRubric } = options
  if (judgeUrl === undefined) {
    const [given] = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]))
    if (given === undefined) return null
    throw usageError(
      command,
      'whose judgement? Give --judge-url, such as --judge-url http://localhost:8080/v1'
    )
  }
  if (judgeModel === undefined)
    throw usageError(command, 'a judge needs the name of its model: --judge-model')
  const parsed = JudgeSettings.safeParse({
    ...DEFAULT_JUDGE,
    baseUrl: judgeUrl,
    model: judgeModel,
    keyVariable: options.judgeKey,
    rubric:
      judgeRubric === undefined
        ? rubricOf(kind, options.judgePairs ?? false)
        : await readTextFile(judgeRubric, MAX_RUBRIC_BYTES),
    pairs: options.judgePairs ?? false,
    answersPerPrompt: options.judgeAnswers ?? DEFAULT_JUDGE.answersPerPrompt,
    requestsPerMinute: options.judgeRate ?? DEFAULT_JUDGE.requestsPerMinute
  })
  if (parsed.success) return parsed.data
  throw usageError(command, `the judge's ${describeIssue(parsed.error)}`)
}

/** Where verdicts go as they come. */
export interface VerdictStore {
  keep(verdict: JudgeVerdict): Promise<void>
  keepPair(verdict: PairVerdict): Promise<void>
}

/**
 * Has an evaluation's answers marked, or compared in pairs, after saying where they go, whatever else is quiet.
 *
 * @returns the evaluation with the judge and all that it said
 */
export async function judged(
  files: EvaluationFiles,
  judge: JudgeSettings,
  quiet: boolean,
  signal: AbortSignal,
  store: VerdictStore
): Promise<EvaluationFiles> {
  const { run, samples } = files
  const key = judgeKey(judge, undefined)
  remark(judgeWarning(judge))
  const display = progressDisplay(quiet)
  const progress = ({ done, total, unreadable }: JudgeProgress): void =>
    display.update({
      phase: 'judging',
      done,
      total,
      status:
        `judged ${count(done)} of ${count(total)} ${judge.pairs ? 'pairs in one order' : 'different answers'}` +
        (unreadable === 0 ? '' : `, ${count(unreadable)} replies were no verdict`)
    })
  const asked = { run, samples, settings: judge, apiKey: key }
  try {
    if (judge.pairs) {
      const pairVerdicts = [...files.pairVerdicts]
      const keep = async (verdict: PairVerdict): Promise<void> => {
        await store.keepPair(verdict)
        pairVerdicts.push(verdict)
      }
      await judgePairs({ ...asked, known: files.pairVerdicts }, { keep, progress }, signal)
      return { ...files, run: { ...run, pairJudge: judge }, pairVerdicts }
    }
    const verdicts = [...files.verdicts]
    const keep = async (verdict: JudgeVerdict): Promise<void> => {
      await store.keep(verdict)
      verdicts.push(verdict)
    }
    await judgeAnswers({ ...asked, known: files.verdicts }, { keep, progress }, signal)
    return { ...files, run: { ...run, judge }, verdicts }
  } finally {
    display.stop()
  }
}
