import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { EvaluatedPrompt, EvaluationEvent, EvaluationRun, EvaluationView, TaskEntry } from '../../documents/evaluation'
import { JudgeEvent, JudgeSettings } from '../../documents/judge'
import { Computing } from '../../documents/samples'
import { RestorationRange } from '../../model/recipe'
import { MAX_TASK_CHARACTERS, Task } from '../../documents/task'
import { jobProcedures, pairInput, procedure } from './procedure'
import { EvaluationFinding } from '../../documents/verdict'

export const evaluationProcedures = {
  tasks: procedure.input(pairInput).output(z.array(TaskEntry)),
  /** Reads the text of a file as a task or as prompts with answers (.json, .jsonl, .csv, .txt). */
  readTask: procedure
    .input(z.object({ fileName: z.string().max(1000), content: z.string().max(MAX_TASK_CHARACTERS) }))
    .output(Task),
  saveTask: procedure.input(pairInput.extend({ task: Task })).output(z.array(TaskEntry)),
  /** Saves the prompts that post failed in an evaluation of its greedy answers as a task. */
  saveFailures: procedure
    .input(pairInput.extend({ evaluationId: z.string() }))
    .output(z.object({ taskId: z.string(), tasks: z.array(TaskEntry) })),
  /** Starts a run of a task. It is rejected while a job of the project runs. The run continues if the window closes. */
  start: procedure
    .input(
      pairInput.extend({
        task: Task,
        variants: EvaluationRun.shape.variants,
        computing: Computing.optional(),
        /** Folder of a sentence-embedding model. If omitted, answers are compared by post's own hidden states. */
        embeddingModel: z.string().min(1).max(4096).optional(),
        /** Folder of a classifier of text pairs. If omitted, answers are not sorted into classes. */
        classifier: z.string().min(1).max(4096).optional()
      })
    )
    .output(z.object({ evaluationId: z.string() })),
  /** Resumes a stopped run. Stored results are not computed again. */
  resume: procedure
    .input(pairInput.extend({ evaluationId: z.string() }))
    .output(z.object({ evaluationId: z.string() })),
  ...jobProcedures(EvaluationEvent),
  /** Returns the results of the answers so far. Variants are compared with `against`, by default post. */
  get: procedure
    .input(pairInput.extend({ evaluationId: z.string(), against: z.string().max(1000).optional() }))
    .output(EvaluationView),
  /** Returns the finding of the newest complete evaluation of a sweep's range; null without such an evaluation. */
  findingOf: procedure
    .input(pairInput.extend({ sweepId: z.string(), range: RestorationRange }))
    .output(EvaluationFinding.nullable()),
  /** Lists the models of a judge's server; null if it lists none or does not answer in time. Only the key is sent. */
  judgeModels: procedure
    .input(JudgeSettings.pick({ baseUrl: true }).extend({ apiKey: z.string().max(10_000).optional() }))
    .output(z.array(z.string()).nullable()),
  /** Sends the answers to a judge. Prompts and answers leave the program. The key is not stored. */
  judge: procedure
    .input(
      pairInput.extend({
        evaluationId: z.string(),
        settings: JudgeSettings,
        apiKey: z.string().max(10_000).optional()
      })
    )
    .output(eventIterator(JudgeEvent)),
  /** Returns the answers to one prompt with their scores and embedding map. */
  prompt: procedure
    .input(pairInput.extend({ evaluationId: z.string(), prompt: z.number().int().min(0) }))
    .output(EvaluatedPrompt)
}
