import { DEMO_PAIRS, DemoPair } from '../../contract/model/demo-pair'
import { z } from 'zod'
import { bytesFromText, BYTES_EXPECTED } from '../../contract/model/bytes'
import { Rendering } from '../../contract/documents/crc'
import { PairName } from '../../contract/documents/project'
import { endpointFromText } from '../../contract/model/external-model'
import { DeviceChoice, GenerationDevice, hasFp16, Precision } from '../../contract/model/device'
import { type FirstIssue, firstIssue, inputError } from '../../contract/model/problem'
import { Prompting } from '../../contract/model/prompting'
import { UniformBlendCount } from '../../contract/model/recipe'
import { WeightStorage } from '../../contract/model/sampling'
import { MAX_SAMPLE_PROMPTS, TaskSettings } from '../../contract/documents/task'
import { SweepSettings } from '../../contract/work/settings'
import { showDirectionCharacters } from '../../contract/words/direction-characters'
import { JudgingServer } from '../evaluation/judging-server'
import { PUBLISHED_FORMATS } from '../evaluation/published-formats'
import { readYaml } from '../sandbox/yaml'
import { file, optionFields, readBy, StudySampler, StudyVariant } from './study-models'

/* Schema of a study file. Fields have the names of the command line's options. */

/** Maximum number of list entries, more than anybody writes by hand. It bounds the time to check a file. */
const MAX_ENTRIES = 50

const REPORT_EXPECTED = 'expected a file that ends with .html, or false'
/** Path of a report. Endings other than .html are refused, because another program could execute such a file. */
const report = file.refine((path) => /\.html$/i.test(path), REPORT_EXPECTED)

const StudyVariants = z.array(StudyVariant).max(MAX_ENTRIES)

const RENDERING = {
  system: Rendering.shape.systemPrompt.optional(),
  'template-argument': Rendering.shape.templateArguments.optional(),
  date: Rendering.shape.date.optional(),
  'assistant-prefix': Rendering.shape.assistantPrefix.optional()
}

const PAIR_EXPECTED = 'expected demo, blend-demo, or base and post with the folders of the two models'

/** Built-in pairs by their words in a study file. */
const DEMO_OF_WORD = new Map(DemoPair.options.map((demo) => [DEMO_PAIRS[demo].word, { demo }]))

/** A pair of a study: its fields, or a word such as `demo` for a built-in pair. */
export const StudyPair = z.preprocess(
  (value) => (typeof value === 'string' ? (DEMO_OF_WORD.get(value) ?? value) : value),
  z
    .strictObject(
      {
        name: PairName.optional(),
        demo: DemoPair.optional(),
        base: file.optional(),
        post: file.optional(),
        ...RENDERING,
        source: file.optional(),
        variants: StudyVariants.default([])
      },
      { error: ({ code }) => (code === 'invalid_type' ? PAIR_EXPECTED : undefined) }
    )
    .refine(
      ({ demo, base, post }) =>
        demo !== undefined ? base === undefined && post === undefined : base !== undefined && post !== undefined,
      PAIR_EXPECTED
    )
)
export type StudyPair = z.infer<typeof StudyPair>

const StudySweep = optionFields(
  SweepSettings.pick({
    source: true,
    prompts: true,
    task: true,
    draws: true,
    split: true,
    rho: true,
    temperature: true,
    topK: true,
    topP: true,
    minP: true
  }).extend({ uniformBlends: UniformBlendCount.optional() })
)
  .refine(({ prompts, task }) => prompts === undefined || (task ?? 'crc') === 'crc', {
    path: ['prompts'],
    message: 'goes with the character task, and this sweep has a task: leave one of them out'
  })
  .refine(
    ({ task, source: _source, prompts: _, uniformBlends: _uniformBlends, rho: _rho, ...ofTask }) =>
      (task !== undefined && task !== 'crc') || Object.values(ofTask).every((value) => value === undefined),
    'a sampler, draws and split need a task: the character task is scored without a sampler'
  )

const STUDY_NAME_EXPECTED = 'expected what the study is called, such as restoring'
/** Name of the study. By default its project and its report have the same name and lie beside the study's file. */
const StudyName = z
  .string({ error: STUDY_NAME_EXPECTED })
  .regex(/\S/, STUDY_NAME_EXPECTED)
  .max(200)
  .refine(
    (name) => !/[/\\]/.test(name) && !['.', '..', '~'].includes(name),
    'names the project and the report too: expected no slash or backslash, nor ".", ".." or "~"; ' +
      '"project" and "report" say where they go'
  )

/** A judge: MODEL@URL, or the fields of a judge's file. */
const StudyJudge = z.preprocess((value) => {
  const typed = typeof value === 'string' ? endpointFromText(value) : null
  return typed === null ? value : { url: typed.baseUrl, model: typed.model }
}, JudgingServer)

/** Settings of answers and their measures, named as the options of `slr evaluate`. */
const EVALUATING = {
  device: GenerationDevice.optional(),
  precision: Precision.optional(),
  weights: WeightStorage.optional(),
  'embedding-model': file.optional(),
  classifier: file.optional(),
  /** Ways of prompting. Each variant is also evaluated with each of them. */
  prompting: z.array(Prompting).max(Prompting.options.length).optional(),
  judge: StudyJudge.optional()
}
const StudyEvaluating = z.strictObject(EVALUATING)
type StudyEvaluating = z.infer<typeof StudyEvaluating>

/** A task of a study: its fields, or the name of a built-in task or file. */
const StudyTask = z.preprocess(
  (value) => (typeof value === 'string' ? { task: value } : value),
  z
    .strictObject({
      ...EVALUATING,
      task: z.string({ error: 'expected the name of a task, or a file' }).min(1).optional(),
      /** Format of published prompts, which `file` holds. */
      import: z.enum(PUBLISHED_FORMATS.map(({ id }) => id)).optional(),
      file: z.union([file.transform((path) => [path]), z.array(file).min(1).max(MAX_ENTRIES)]).optional(),
      /** Maximum number of prompts to evaluate, of those that post answers wrongly with greedy decoding. */
      'failed-by-post': z.number().int().min(1).max(MAX_SAMPLE_PROMPTS).optional(),
      /** True to also sweep all ranges by the task's listed answers. */
      sweep: z.boolean().optional(),
      n: TaskSettings.shape.sampleCount.optional(),
      seed: z
        .number()
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .optional(),
      /** Number of prompts, from the beginning of the task. */
      prompts: z.number().int().min(1).max(MAX_SAMPLE_PROMPTS).optional()
    })
    .transform(({ task, import: format, file: files, ...settings }, context) => {
      if (task !== undefined && format === undefined && files === undefined) return { ...settings, task }
      if (task === undefined && format !== undefined && files !== undefined)
        return { ...settings, task: { import: format, file: files } }
      context.addIssue({ code: 'custom', message: 'expected task, or import with file' })
      return z.NEVER
    })
)
export type StudyTask = z.infer<typeof StudyTask>

/** Returns the name of a task in step keys: its id or path, or the id of its published format. */
export const taskName = ({ task }: StudyTask): string => (typeof task === 'string' ? task : task.import)

/** Returns the computation settings of a task, else of the study. Precision and weights go with the device. */
export const computationSettings = (
  evaluate: StudyEvaluating,
  task: StudyTask
): Pick<StudyEvaluating, 'device' | 'precision' | 'weights'> =>
  task.device === undefined ? { ...evaluate, ...task } : task

export const Study = z
  .strictObject({
    name: StudyName,
    project: file.optional(),
    report: z.union([report, z.literal(false)], { error: REPORT_EXPECTED }).optional(),
    device: DeviceChoice.optional(),
    memory: readBy(bytesFromText, BYTES_EXPECTED).optional(),
    pairs: z
      .array(StudyPair, {
        error: 'expected a list of pairs: demo, blend-demo, or base and post with the folders of the two models'
      })
      .min(1)
      .max(MAX_ENTRIES),
    sweep: StudySweep.optional(),
    /** Number of the best ranges that get a full-answer check. */
    check: z.number().int().min(1).max(1000).optional(),
    variants: StudyVariants.default([]),
    /** Default settings of all tasks. */
    evaluate: StudyEvaluating.default({}),
    /** Samplers for each variant that is sampled here or by an endpoint; left out: the task's sampler. */
    samplers: z.array(StudySampler).min(1).max(MAX_ENTRIES).optional(),
    tasks: z.array(StudyTask).max(MAX_ENTRIES).default([])
  })
  .refine(({ pairs, sweep }) => sweep !== undefined || pairs.every(({ source }) => source === undefined), {
    path: ['pairs'],
    message: 'source is what a sweep restores layers to, and the study has none: add "sweep: {}", or leave source out'
  })
  .refine(({ sweep, check }) => check === undefined || sweep !== undefined, {
    path: ['check'],
    message: 'is of the best ranges of a sweep, and the study has none: add "sweep: {}"'
  })
  .refine(({ sweep, check }) => check === undefined || (sweep?.task ?? 'crc') === 'crc', {
    path: ['check'],
    message: 'applies to the character task, and the sweep scores full answers already: leave it out'
  })
  .superRefine(({ evaluate, tasks }, context) => {
    for (const [index, task] of tasks.entries()) {
      const { device, precision } = computationSettings(evaluate, task)
      if (hasFp16(device ?? 'cpu') || precision !== 'fp16') continue
      const path = task.precision === undefined ? ['evaluate'] : ['tasks', index]
      context.addIssue({
        code: 'custom',
        path: [...path, 'precision'],
        message: 'the device cpu computes in fp32 only: leave it out, or add "device: webgpu"'
      })
    }
  })
export type Study = z.infer<typeof Study>

/** Fields whose texts are parts of prompts and may have several lines. */
const PROMPT_FIELDS: readonly string[] = ['system', 'prefix', 'suffix', 'assistant-prefix', 'template-argument']

/**
 * Finds a text with control characters, which could falsify printed output. Prompts may have them.
 *
 * @returns path of the text in `value`; null if there is none
 */
function brokenField(value: unknown): PropertyKey[] | null {
  if (typeof value === 'string') return isOneLine(value) ? null : []
  if (typeof value !== 'object' || value === null) return null
  for (const [name, child] of Object.entries(value)) {
    if (PROMPT_FIELDS.includes(name)) continue
    const path = isOneLine(name) ? brokenField(child) : []
    if (path !== null) return [Array.isArray(value) ? Number(name) : name, ...path]
  }
  return null
}

const isOneLine = (text: string): boolean =>
  !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) && showDirectionCharacters(text) === text

/** Largest number of YAML aliases. A variant may reuse the settings of another through an alias. */
const MAX_ALIASES = 100

/** Reads a study from the text of its file. @throws WorkbenchError as `readYaml`; `bad-input` naming line and field */
export async function readStudy(text: string, path: string): Promise<Study> {
  const { value, lines } = await readYaml(text, path, MAX_ALIASES)
  const parsed = Study.safeParse(value)
  const brokenPath = brokenField(value)
  if (parsed.success && brokenPath === null) return parsed.data
  const issue: FirstIssue =
    brokenPath === null && !parsed.success
      ? firstIssue(parsed.error)
      : { path: brokenPath ?? [], message: 'expected one line without control characters', unknown: [] }
  const wanted = [...issue.path, ...issue.unknown.slice(0, 1)]
  // If the field itself is missing, the line of its parent is reported.
  const position = lines.findLast(({ path }) => path.every((name, index) => name === wanted[index]))
  const field = issue.path.map(String).join('.')
  const origin = position === undefined ? path : `${path}, line ${position.line}`
  throw inputError(
    `${origin}: ${field === '' ? '' : `${field}: `}${issue.message}`,
    'docs/batch.md lists the fields; slr study --template paper writes a file with all of them.'
  )
}
