import { type EvaluationRun, EvaluationSummary, PromptScores } from '../../../contract/documents/evaluation'
import { type Task } from '../../../contract/documents/task'
import { AnswerForm, type JudgeSettings, JudgeVerdict, PairVerdict } from '../../../contract/documents/judge'
import type { JudgeWay } from '../../../contract/model/judge-way'
import type { SampleLine } from '../../../contract/documents/samples'
import { appendLines, countLines, readLines } from '../../base/files/line-file'
import { readAnswerLines } from './sample-files'
import { runSummaries } from './run-summaries'
import { EVALUATIONS, TASKS } from './stored-documents'

/** Of an evaluation's lines, beside it. */
const ANSWERS = '.jsonl'
const SCORES = '.scores.jsonl'
const VERDICTS = '.judge.jsonl'
const PAIR_VERDICTS = '.pairs.jsonl'
const FORMS = '.forms.jsonl'
export const EVALUATION_LINES = [ANSWERS, SCORES, VERDICTS, PAIR_VERDICTS, FORMS] as const

/** An evaluation with all that its files hold. */
export interface EvaluationFiles {
  run: EvaluationRun
  samples: SampleLine[]
  scores: PromptScores[]
  /** What judges have said, of whatever rubric and model. */
  verdicts: JudgeVerdict[]
  /** The same of pairs, in one order each. */
  pairVerdicts: PairVerdict[]
  /** What they have read the answers to mean. */
  forms: AnswerForm[]
}

/** @throws WorkbenchError `not-found`, `newer-version`, or `bad-file` naming the line that is wrong */
export async function readEvaluation(folder: string, id: string): Promise<EvaluationFiles> {
  const run = await EVALUATIONS.read(folder, id)
  const names = new Set(run.variants.map(({ variant }) => variant.name))
  const samples = await readAnswerLines(fileOf(folder, id, ANSWERS), names, run.task.prompts.length)
  const scored = await readLines(fileOf(folder, id, SCORES), {
    name: "a prompt's scores",
    schema: PromptScores
  })
  // A run that was killed between writing and noting may have scored a prompt twice.
  const scores = new Map(scored.map(({ line }) => [line.prompt, line]))
  const judged = await readLines(fileOf(folder, id, VERDICTS), {
    name: "a judge's verdict",
    schema: JudgeVerdict
  })
  const compared = await readLines(fileOf(folder, id, PAIR_VERDICTS), {
    name: "a judge's verdict of a pair",
    schema: PairVerdict
  })
  return {
    run,
    samples,
    scores: [...scores.values()],
    verdicts: addressed(
      judged.map(({ line }) => line),
      run,
      'marks'
    ),
    pairVerdicts: addressed(
      compared.map(({ line }) => line),
      run,
      'pairs'
    ),
    forms: addressed(await readFormLines(folder, id), run, 'forms')
  }
}

/** Addresses of the judges that gave an evaluation's verdicts without an address; null where none did. */
export function addressesOfOldVerdicts({
  addressesOfOldVerdicts: noted,
  judge,
  pairJudge,
  formJudge
}: EvaluationRun): Record<JudgeWay, string | null> {
  const address = (settings: JudgeSettings | null): string | null => settings?.baseUrl ?? null
  return noted ?? { marks: address(judge), pairs: address(pairJudge), forms: address(formJudge) }
}

/** Gives verdicts without an address that of the judge to which the run attributes them. */
function addressed<Verdict extends { baseUrl?: string | undefined }>(
  verdicts: readonly Verdict[],
  run: EvaluationRun,
  way: JudgeWay
): Verdict[] {
  const baseUrl = addressesOfOldVerdicts(run)[way]
  return verdicts.map((verdict) =>
    verdict.baseUrl !== undefined || baseUrl === null ? verdict : { ...verdict, baseUrl }
  )
}

/** @throws WorkbenchError `read-only`, `bad-input` */
export async function appendEvaluationSamples(
  folder: string,
  id: string,
  lines: readonly SampleLine[]
): Promise<void> {
  await appendLines(fileOf(folder, id, ANSWERS), lines)
}

/** @throws WorkbenchError `read-only`, `bad-input` */
export async function appendPromptScores(folder: string, id: string, scores: PromptScores): Promise<void> {
  await appendLines(fileOf(folder, id, SCORES), [scores])
}

/** @throws WorkbenchError `read-only`, `bad-input` */
export async function appendVerdict(folder: string, id: string, verdict: JudgeVerdict): Promise<void> {
  await appendLines(fileOf(folder, id, VERDICTS), [verdict])
}

/** The forms that judges read in an evaluation's answers. @throws WorkbenchError `bad-file` naming the line that is wrong */
export async function readForms(folder: string, id: string): Promise<AnswerForm[]> {
  const forms = await readFormLines(folder, id)
  return forms.every(({ baseUrl }) => baseUrl !== undefined)
    ? forms
    : addressed(forms, await EVALUATIONS.read(folder, id), 'forms')
}

async function readFormLines(folder: string, id: string): Promise<AnswerForm[]> {
  const lines = await readLines(fileOf(folder, id, FORMS), {
    name: 'the form of an answer',
    schema: AnswerForm
  })
  return lines.map(({ line }) => line)
}

/** @throws WorkbenchError `read-only`, `bad-input` */
export async function appendForms(folder: string, id: string, forms: readonly AnswerForm[]): Promise<void> {
  await appendLines(fileOf(folder, id, FORMS), forms)
}

/** @throws WorkbenchError `read-only`, `bad-input` */
export async function appendPairVerdict(folder: string, id: string, verdict: PairVerdict): Promise<void> {
  await appendLines(fileOf(folder, id, PAIR_VERDICTS), [verdict])
}

export const EVALUATION_SUMMARIES = runSummaries<EvaluationRun, EvaluationSummary>({
  name: 'evaluation',
  documents: EVALUATIONS,
  schema: EvaluationSummary,
  summarize: async (run, folder) =>
    summarizeEvaluation(run, await countLines(fileOf(folder, run.id, ANSWERS))),
  beside: (folder, id) => EVALUATIONS.companion(folder, id, ANSWERS)
})

/** What the window lists of an evaluation with this many stored answers. */
export function summarizeEvaluation(run: EvaluationRun, answerCount: number): EvaluationSummary {
  const { task, variants } = run
  return {
    id: run.id,
    checkpoints: { base: run.basePath.fingerprint, post: run.postPath.fingerprint },
    createdAt: run.createdAt,
    taskId: task.id,
    taskName: task.name,
    kind: task.kind,
    variantNames: variants.map(({ variant }) => variant.name),
    answerCount,
    answerTotal: variants.length * task.prompts.length * task.settings.sampleCount,
    computed: {
      device: run.computing.device,
      precision: run.precision,
      weights: run.weights,
      promptCount: task.prompts.length,
      estimatedFrom: null,
      draws: task.settings.sampleCount,
      programVersion: run.programVersion
    }
  }
}

/** The project's own tasks, by name, and what could not be read. */
export async function readTasks(folder: string): Promise<{ tasks: Task[]; warnings: string[] }> {
  const { entries, warnings } = await TASKS.list(folder, (task) => task)
  return { tasks: entries.toSorted((a, b) => a.name.localeCompare(b.name)), warnings }
}

function fileOf(folder: string, id: string, suffix: string): string {
  return EVALUATIONS.companion(folder, id, suffix)
}
