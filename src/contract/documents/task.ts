import { z } from 'zod'
import { FEW_SHOT_DEFAULTS, FewShotPrompt } from '../model/few-shot'
import { RefusalTexts } from '../model/refusals'
import { Sampling } from '../model/sampling'
import { TaskKind, taskKindFacts } from '../model/task-kinds'

/** Limits the memory that a malicious file can claim. Nobody compares this many prompts. */
export const MAX_SAMPLE_PROMPTS = 10_000

/** A prompt to sample answers to. It is a user turn in the chat template, or raw text. */
export const SamplePrompt = z
  .object({
    text: z.string().min(1, 'a prompt needs some text').max(100_000),
    category: z.string().max(200).default(''),
    /** System turn of this prompt. If omitted, the project's is used. */
    system: z.string().max(100_000).optional(),
    /** True if the text is passed to the model without the chat template. */
    raw: z.boolean().default(false)
  })
  .strict()
export type SamplePrompt = z.infer<typeof SamplePrompt>

export const SamplePrompts = z
  .array(SamplePrompt)
  .min(1, 'a prompt set needs at least one prompt')
  .max(MAX_SAMPLE_PROMPTS)
export type SamplePrompts = z.infer<typeof SamplePrompts>

/** A regular expression. It comes from a task file, so it is short and runs under a time limit. */
const Pattern = z.string().min(1).max(1_000)

export const AnswerReading = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('whole') }).strict(),
  z.object({ kind: z.literal('first-line') }).strict(),
  /** The last number, without thousands separators, as GSM8K answers are usually read. */
  z.object({ kind: z.literal('last-number') }).strict(),
  /** The first group of the last match, or the complete match if there is no group. */
  z.object({ kind: z.literal('pattern'), pattern: Pattern }).strict()
])
export type AnswerReading = z.infer<typeof AnswerReading>

const AnswerText = z.string().min(1).max(10_000)

/** A correct answer: one text, or all names of the answer. The first name is shown. */
const ListedAnswer = z.union([AnswerText, z.array(AnswerText).min(1).max(1_000)])
type ListedAnswer = z.infer<typeof ListedAnswer>

export const TaskPrompt = SamplePrompt.extend({
  answers: z.array(ListedAnswer).min(1).max(10_000).optional(),
  /** Post's greedy answer, if the prompt was selected because that answer was wrong. */
  failedWith: z.string().max(1_000_000).optional()
}).strict()
export type TaskPrompt = z.infer<typeof TaskPrompt>

const FormatChecks = z
  .object({
    minWords: z.number().int().min(0).optional(),
    maxWords: z.number().int().min(1).optional(),
    pattern: Pattern.optional()
  })
  .strict()
type FormatChecks = z.infer<typeof FormatChecks>

export const TaskSettings = z
  .object({
    sampling: Sampling,
    maxTokens: z.number().int().min(1).max(100_000),
    stopTexts: z.array(z.string().min(1)).max(100),
    seed: z.number().int(),
    sampleCount: z.number().int().min(1).max(100_000)
  })
  .strict()
export type TaskSettings = z.infer<typeof TaskSettings>

/** Origin of prompts selected from another task, which post's greedy answers got wrong in a separate run. */
export const ChosenPrompts = z
  .object({
    by: z.literal('greedy-failures'),
    /** Name of the other task. */
    from: z.string().min(1).max(200),
    judged: z.number().int().min(1),
    failed: z.number().int().min(1),
    /** Fingerprint of the post checkpoint that gave the answers. */
    post: z.string().max(1_000),
    /** Id of the selecting run. It is stored in the project in which the run took place. */
    evaluationId: z.string().max(64),
    createdAt: z.iso.datetime()
  })
  .strict()
export type ChosenPrompts = z.infer<typeof ChosenPrompts>

export const TASK_VERSION = 1

/** Maximum length of a task file, ten times GSM8K. A longer file is not an intended task. */
export const MAX_TASK_CHARACTERS = 20_000_000

/** A task: its prompts, and the rules for sampling, reading and scoring answers. */
export const Task = z
  .object({
    schemaVersion: z.literal(TASK_VERSION),
    id: z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 lower-case letters, digits and hyphens'),
    name: z.string().min(1).max(200),
    kind: TaskKind,
    description: z.string().max(10_000),
    prompts: z.array(TaskPrompt).min(1).max(MAX_SAMPLE_PROMPTS),
    settings: TaskSettings,
    reading: AnswerReading,
    /** Pattern of correct answers for open-ended prompts without listed answers. */
    rightPattern: Pattern.optional(),
    checks: FormatChecks,
    /** Prompt under which base answers as `base:few-shot`. Missing for the project's, or else the kind's default. */
    fewShot: FewShotPrompt.optional(),
    /** Texts that recognise refusals, in a task of the kind `refusals`. Missing for the default ones. */
    refusals: RefusalTexts.optional(),
    chosen: ChosenPrompts.optional()
  })
  .strict()
export type Task = z.infer<typeof Task>

/** Returns the few-shot prompt of a task: its own, the project's, or the default of its kind. */
export const fewShotOf = (
  { kind, fewShot }: Pick<Task, 'kind' | 'fewShot'>,
  project: { readonly fewShot?: FewShotPrompt | undefined }
): FewShotPrompt =>
  fewShot ?? project.fewShot ?? FEW_SHOT_DEFAULTS[taskKindFacts(kind).rightAnswers === 'many' ? 'listed' : 'open']
