import { type Command } from 'commander'
import { z } from 'zod'
import { factsOf, type TaskKind } from '../../contract/model/task-kinds'
import { DEFAULT_JUDGE, JudgeSettings, type JudgeVerdict, judgeWarning } from '../../contract/documents/judge'
import { describeIssue } from '../../contract/model/problem'
import { readTextFile } from '../base/files/bounded-file'
import { judgeAnswers, judgeKey } from '../evaluation/judge'
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
    .option('--judge-key <variable>', 'environment variable with its API key, such as OPENAI_API_KEY')
    .option('--judge-rubric <file>', 'text of what to mark (default: one for the kind of task)')
    .option(
      '--judge-answers <n>',
      `answers per prompt and variant (default: ${DEFAULT_JUDGE.answersPerPrompt})`,
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
      judgeRubric === undefined ? factsOf(kind).rubric : await readTextFile(judgeRubric, MAX_RUBRIC_BYTES),
    answersPerPrompt: options.judgeAnswers ?? DEFAULT_JUDGE.answersPerPrompt,
    requestsPerMinute: options.judgeRate ?? DEFAULT_JUDGE.requestsPerMinute
  })
  if (parsed.success) return parsed.data
  throw usageError(command, `the judge's ${describeIssue(parsed.error)}`)
}

/**
 * Has an evaluation's answers marked, after saying where they go, whatever else is quiet.
 *
 * @returns the evaluation with the judge and all that it said
 */
export async function judged(
  { run, samples, scores, verdicts }: EvaluationFiles,
  judge: JudgeSettings,
  quiet: boolean,
  signal: AbortSignal,
  keep: (verdict: JudgeVerdict) => Promise<void>
): Promise<EvaluationFiles> {
  const key = judgeKey(judge, undefined)
  remark(judgeWarning(judge))
  const all = [...verdicts]
  const display = progressDisplay(quiet)
  try {
    await judgeAnswers(
      { run, samples, known: verdicts, settings: judge, apiKey: key },
      {
        async keep(verdict) {
          await keep(verdict)
          all.push(verdict)
        },
        progress: ({ done, total, unreadable }) =>
          display.update({
            phase: 'judging',
            done,
            total,
            status:
              `judged ${count(done)} of ${count(total)} different answers` +
              (unreadable === 0 ? '' : `, ${count(unreadable)} replies were no mark`)
          })
      },
      signal
    )
  } finally {
    display.stop()
  }
  return { run: { ...run, judge }, samples, scores, verdicts: all }
}
