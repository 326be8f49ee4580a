import { z } from 'zod'
import { Sampling } from '../model/sampling'
import { TaskKind } from '../model/task-kinds'

/** More than a person compares; bounds what a hostile file can make us hold. */
export const MAX_SAMPLE_PROMPTS = 10_000

/** A prompt to sample answers to: a user turn through the chat template, or free text given as it is. */
export const SamplePrompt = z
  .object({
    text: z.string().min(1, 'a prompt needs some text').max(100_000),
    category: z.string().max(200).default(''),
    /** The system turn of this prompt; the project's when left out. */
    system: z.string().max(100_000).optional(),
    /** Given to the model as it is, without the chat template: to be continued rather than answered. */
    raw: z.boolean().default(false)
  })
  .strict()
export type SamplePrompt = z.infer<typeof SamplePrompt>

export const SamplePrompts = z
  .array(SamplePrompt)
  .min(1, 'a prompt set needs at least one prompt')
  .max(MAX_SAMPLE_PROMPTS)
export type SamplePrompts = z.infer<typeof SamplePrompts>

/** Regular expressions come from task files, so they are short and run under a time limit. */
const Pattern = z.string().min(1).max(1_000)

/** Where the answer proper stands in what a model wrote. */
export const AnswerReading = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('whole') }).strict(),
  z.object({ kind: z.literal('first-line') }).strict(),
  /** The last number, without thousands separators: how GSM8K answers are usually read. */
  z.object({ kind: z.literal('last-number') }).strict(),
  /** The first group of the last match; the whole match where there is no group. */
  z.object({ kind: z.literal('pattern'), pattern: Pattern }).strict()
])
export type AnswerReading = z.infer<typeof AnswerReading>

const AnswerText = z.string().min(1).max(10_000)

/** A right answer: a text, or every name that it goes by, of which the first is shown. */
const ListedAnswer = z.union([AnswerText, z.array(AnswerText).min(1).max(1_000)])
type ListedAnswer = z.infer<typeof ListedAnswer>

export const TaskPrompt = SamplePrompt.extend({
  /** Right answers: all there are (open-ended), or the final answer in every form that counts (reasoning). */
  answers: z.array(ListedAnswer).min(1).max(10_000).optional(),
  /** Post's greedy answer, where the prompt was chosen because that was wrong. */
  failedWith: z.string().max(1_000_000).optional()
}).strict()
export type TaskPrompt = z.infer<typeof TaskPrompt>

/** What every answer of a task should keep to. */
const FormatChecks = z
  .object({
    minWords: z.number().int().min(0).optional(),
    maxWords: z.number().int().min(1).optional(),
    pattern: Pattern.optional()
  })
  .strict()
type FormatChecks = z.infer<typeof FormatChecks>

/** How answers are sampled. */
export const TaskSettings = z
  .object({
    sampling: Sampling,
    maxTokens: z.number().int().min(1).max(100_000),
    stopTexts: z.array(z.string().min(1)).max(100),
    seed: z.number().int(),
    /** Answers per prompt and variant. */
    sampleCount: z.number().int().min(1).max(100_000)
  })
  .strict()
export type TaskSettings = z.infer<typeof TaskSettings>

/** How the prompts of a task were chosen from another's: those that post's greedy answers got wrong, in a run of its own. */
export const ChosenPrompts = z
  .object({
    by: z.literal('greedy-failures'),
    /** Name of the other task. */
    from: z.string().min(1).max(200),
    /** How many of its prompts were asked and can be told right or wrong, and of how many the answer was wrong. */
    judged: z.number().int().min(1),
    failed: z.number().int().min(1),
    /** Fingerprint of the post whose answers they were. */
    post: z.string().max(1_000),
    /** Of the run that chose; kept where it was made in a project. */
    evaluationId: z.string().max(64),
    createdAt: z.iso.datetime()
  })
  .strict()
export type ChosenPrompts = z.infer<typeof ChosenPrompts>

export const TASK_VERSION = 1

/** Of a task's file: ten times GSM8K; what is longer is no file that somebody wrote as a task. */
export const MAX_TASK_CHARACTERS = 20_000_000

/** A task: what to ask, how to sample, how to read an answer, how to score it. Users copy, edit, import and export it. */
export const Task = z
  .object({
    schemaVersion: z.literal(TASK_VERSION),
    id: z.string().regex(/^[a-z0-9-]{1,64}$/),
    name: z.string().min(1).max(200),
    kind: TaskKind,
    description: z.string().max(10_000),
    prompts: z.array(TaskPrompt).min(1).max(MAX_SAMPLE_PROMPTS),
    settings: TaskSettings,
    reading: AnswerReading,
    /** Open-ended: what a right answer looks like for prompts that list none. */
    rightPattern: Pattern.optional(),
    checks: FormatChecks,
    /** Left out: its prompts are all there are. */
    chosen: ChosenPrompts.optional()
  })
  .strict()
export type Task = z.infer<typeof Task>
