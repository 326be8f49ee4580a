import type { z } from 'zod'
import { type EvaluationRun, EvaluationSummary, PromptScores } from '../../../contract/documents/evaluation'
import { AnswerForm, JudgeVerdict, PairVerdict } from '../../../contract/documents/judge'
import { appendLines, countLines, readLines } from '../../base/files/line-file'
import type { EvaluationLines } from '../../evaluation/judge-evaluation'
import { plainFileState } from '../../base/files/plain-paths'
import { readAnswerLines } from './sample-files'
import { RunSummaries } from './run-summaries'
import { EVALUATIONS } from './stored-documents'

/** Endings of the files beside an evaluation's settings, in `<id>.json`: one line of JSON for each result. */
const ENDINGS: Readonly<Record<keyof EvaluationLines, string>> = {
  samples: '.jsonl',
  scores: '.scores.jsonl',
  verdicts: '.judge.jsonl',
  pairVerdicts: '.pairs.jsonl',
  forms: '.forms.jsonl'
}
export const EVALUATION_ENDINGS = Object.values(ENDINGS)

/** An evaluation with the lines of its files: verdicts are of all judges, rubrics and models. */
export type EvaluationFiles = { run: EvaluationRun } & { [Part in keyof EvaluationLines]: EvaluationLines[Part][] }

/** Reads an evaluation and all its results. @throws WorkbenchError `bad-file` naming the wrong line */
export async function readEvaluation(folder: string, id: string): Promise<EvaluationFiles> {
  const run = await EVALUATIONS.read(folder, id)
  const names = new Set(run.variants.map(({ variant }) => variant.name))
  const samples = await readAnswerLines(pathOf(folder, id, 'samples'), names, run.task.prompts.length)
  const scores = await readPart(folder, id, 'scores', "a prompt's scores", PromptScores)
  const verdicts = await readPart(folder, id, 'verdicts', "a judge's verdict", JudgeVerdict)
  const pairVerdicts = await readPart(folder, id, 'pairVerdicts', "a judge's verdict of a pair", PairVerdict)
  return {
    run,
    samples,
    // A prompt may have two scores, if the program was killed after it wrote the first and before it recorded it.
    scores: [...new Map(scores.map((score) => [score.prompt, score])).values()],
    verdicts: verdicts.map((verdict) => ({ baseUrl: run.addressOfOldScores ?? undefined, ...verdict })),
    pairVerdicts,
    forms: await readForms(folder, id)
  }
}

/** Returns a text that changes when any file of an evaluation changes, also by another program. */
export async function evaluationState(folder: string, id: string): Promise<string> {
  const endings = ['.json', ...EVALUATION_ENDINGS]
  const files = await Promise.all(endings.map((ending) => plainFileState(EVALUATIONS.companion(folder, id, ending))))
  return files.map((file) => file?.state ?? 'none').join(', ')
}

async function readPart<Line>(
  folder: string,
  id: string,
  part: keyof EvaluationLines,
  name: string,
  schema: z.ZodType<Line>
): Promise<Line[]> {
  const lines = await readLines(pathOf(folder, id, part), { name, schema })
  return lines.map(({ line }) => line)
}

/** Appends lines to a file of an evaluation. @throws WorkbenchError `read-only`, `bad-input` */
export async function appendEvaluationLines<Part extends keyof EvaluationLines>(
  folder: string,
  id: string,
  part: Part,
  lines: readonly EvaluationLines[Part][]
): Promise<void> {
  await appendLines(pathOf(folder, id, part), lines)
}

/** Reads only the stored meanings of answers. @throws WorkbenchError `bad-file` naming the wrong line */
export const readForms = (folder: string, id: string): Promise<AnswerForm[]> =>
  readPart(folder, id, 'forms', 'the form of an answer', AnswerForm)

export const EVALUATION_SUMMARIES = new RunSummaries<EvaluationRun, EvaluationSummary>({
  name: 'evaluation',
  documents: EVALUATIONS,
  schema: EvaluationSummary,
  summarize: async (run, folder) => summarizeEvaluation(run, await countLines(pathOf(folder, run.id, 'samples'))),
  beside: (folder, id) => pathOf(folder, id, 'samples')
})

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

function pathOf(folder: string, id: string, part: keyof EvaluationLines): string {
  return EVALUATIONS.companion(folder, id, ENDINGS[part])
}
