import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import {
  EvaluatedPrompt,
  EvaluationEvent,
  EvaluationRun,
  EvaluationView,
  EvaluationObjection,
  TaskEntry
} from '../../documents/evaluation'
import { JudgeEvent, JudgeSettings } from '../../documents/judge'
import { Computing } from '../../documents/samples'
import { RestorationRange } from '../../model/recipe'
import { MAX_TASK_CHARACTERS, Task } from '../../documents/task'
import { ofPair, procedure } from './procedure'

export const evaluationProcedures = {
  /** Tasks that ship with the program, and the project's own. */
  tasks: procedure.input(ofPair).output(z.array(TaskEntry)),
  /** Reads the text of a file as a task: one that was exported, or prompts with answers (.json, .jsonl, .csv, .txt). */
  readTask: procedure
    .input(z.object({ fileName: z.string().max(1000), content: z.string().max(MAX_TASK_CHARACTERS) }))
    .output(Task),
  /** Adds a task to the project, or replaces the one of its id. */
  saveTask: procedure.input(ofPair.extend({ task: Task })).output(z.array(TaskEntry)),
  /** Keeps the prompts that post failed, as an evaluation of its greedy answers alone found, as a task of the project. */
  saveFailures: procedure
    .input(ofPair.extend({ evaluationId: z.string() }))
    .output(z.object({ taskId: z.string(), tasks: z.array(TaskEntry) })),
  /** Starts a run of a task; refused while a job of the project runs. It outlives the window. */
  start: procedure
    .input(
      ofPair.extend({
        task: Task,
        variants: EvaluationRun.shape.variants,
        /** Left out: on the CPU. */
        computing: Computing.optional(),
        /** Folder of a sentence-embedding model; left out: answers are compared by post's own states. */
        embeddingModel: z.string().min(1).max(4096).optional(),
        /** Folder of a classifier of pairs of texts; left out: answers are not sorted into classes. */
        classifier: z.string().min(1).max(4096).optional()
      })
    )
    .output(z.object({ evaluationId: z.string() })),
  /** Goes on with a run that was stopped; what is stored is not computed again. */
  resume: procedure
    .input(ofPair.extend({ evaluationId: z.string() }))
    .output(z.object({ evaluationId: z.string() })),
  watch: procedure.input(ofPair).output(eventIterator(EvaluationEvent)),
  cancel: procedure.input(ofPair).output(z.void()),
  /** What the answers so far say; variants against the one named `against`: post, or else the first, when left out. */
  get: procedure
    .input(ofPair.extend({ evaluationId: z.string(), against: z.string().max(1000).optional() }))
    .output(EvaluationView),
  /** What the newest complete evaluation of a range of a sweep has against it; null: nothing, or none has asked it. */
  objectionTo: procedure
    .input(ofPair.extend({ sweepId: z.string(), range: RestorationRange }))
    .output(EvaluationObjection.nullable()),
  /** The models that a judge's server lists; null where it lists none, or does not say in time. Nothing but the key is sent. */
  judgeModels: procedure
    .input(JudgeSettings.pick({ baseUrl: true }).extend({ apiKey: z.string().max(10_000).optional() }))
    .output(z.array(z.string()).nullable()),
  /**
   * Has the answers marked by the endpoint that the settings name; a stream, and its end ends the work. Prompts and answers
   * leave the program. The key is used for this time and stored nowhere.
   */
  judge: procedure
    .input(
      ofPair.extend({
        evaluationId: z.string(),
        settings: JudgeSettings,
        apiKey: z.string().max(10_000).optional()
      })
    )
    .output(eventIterator(JudgeEvent)),
  /** The answers to one prompt, and how they lie. */
  prompt: procedure
    .input(ofPair.extend({ evaluationId: z.string(), prompt: z.number().int().min(0) }))
    .output(EvaluatedPrompt)
}
