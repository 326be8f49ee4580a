import { BASELINE_EXPECTED } from '../../contract/model/sampling-baseline'
import { z } from 'zod'
import { EvaluationVariant } from '../../contract/documents/evaluation'
import { Endpoint, endpointFromText } from '../../contract/model/external-model'
import { elementAt } from '../../contract/model/look-up'
import { LAYERS_EXPECTED, type ModelWord, modelWordFromText } from '../../contract/model/model-word'
import { FEW_SHOT_WORD } from '../../contract/model/few-shot'
import { Recipe, STRENGTH_BOUNDS } from '../../contract/model/recipe'
import { SamplerSettings } from '../../contract/work/settings'
import { optionName, settingName } from '../../contract/work/work'

/* Schemas of the models that a study evaluates. */

export const file = z.string().min(1).max(4_096)

/** Creates the schema of a text with a parser. @param expected expected form of the text, for the message */
export const readBy = <Value>(read: (text: string) => Value | null, expected: string) =>
  z.union([z.string(), z.number()], { error: expected }).transform((typed, context): Value => {
    const value = read(String(typed))
    if (value !== null) return value
    context.addIssue({ code: 'custom', message: expected })
    return z.NEVER
  })

/** Creates the schema of settings whose fields have the names of options, such as `top-k` for `topK`. */
export const optionFields = <Shape extends z.ZodRawShape>(settings: z.ZodObject<Shape>) =>
  z
    .strictObject(
      Object.fromEntries(Object.entries(settings.shape).map(([name, schema]) => [optionName(name), z.optional(schema)]))
    )
    .transform((fields) =>
      Object.fromEntries(Object.entries(fields).map(([option, value]) => [settingName(option), value]))
    )
    .pipe(settings)

export const StudySampler = optionFields(
  SamplerSettings.pick({ temperature: true, topK: true, topP: true, minP: true })
).refine((sampler) => Object.keys(sampler).length > 0, 'expected temperature, top-k, top-p or min-p')
export type StudySampler = z.infer<typeof StudySampler>

/** Words for models that exist only after a range is selected. */
export const SelectedModels = z.enum(['selected', 'baselines', 'controls'])
export type SelectedModels = z.infer<typeof SelectedModels>

/** A model of a study: one that a word of the command line names, a recipe, or models that a sweep selects. */
export type StudyModel =
  | Exclude<ModelWord, { kind: 'selected' }>
  | { kind: 'recipe'; recipe: Recipe }
  | { kind: 'from sweep'; models: SelectedModels }

/** Creates the schema of a word of the command line that names a model of this kind. */
const wordOf = (kind: ModelWord['kind'], expected: string) =>
  readBy((text): StudyModel | null => {
    const word = modelWordFromText(text)
    return 'kind' in word && word.kind === kind && word.kind !== 'selected' ? word : null
  }, expected)

const entry = file.transform((text): StudyModel => ({ kind: 'name-or-path', text }))

/** Creates the schema of an endpoint. @param chat prefix of endpoints that are asked over the chat interface */
const endpointOf = (chat: '' | 'chat:') =>
  z.string().transform((text, context): StudyModel => {
    const typed = endpointFromText(text)
    const word = modelWordFromText(typed === null ? '' : `${typed.name}=${chat}${typed.model}@${typed.baseUrl}`)
    if ('kind' in word && word.kind === 'endpoint') return word
    const example = 'NAME=MODEL@URL, such as restored=slr-8b@http://localhost:8000/v1'
    context.addIssue({ code: 'custom', message: `expected ${'kind' in word ? example : word.expected}` })
    return z.NEVER
  })

/** Fields of models, named as the options of `slr evaluate`: one model, or the models that a sweep selects. */
const MODELS = {
  model: z.enum(['base', 'post', FEW_SHOT_WORD, ...SelectedModels.options]).transform((name): StudyModel => {
    if (name === FEW_SHOT_WORD) return { kind: 'few-shot' }
    return name === 'base' || name === 'post' ? { kind: name } : { kind: 'from sweep', models: name }
  }),
  restore: wordOf('layers', `expected ${LAYERS_EXPECTED}`),
  /** A file, or the recipe itself. */
  recipe: z.union([entry, Recipe.transform((recipe): StudyModel => ({ kind: 'recipe', recipe }))], {
    error: 'expected a file, or a recipe with name and ranges or layers'
  }),
  blend: z
    .number()
    .min(STRENGTH_BOUNDS.least)
    .max(STRENGTH_BOUNDS.most)
    .transform((strength): StudyModel => ({ kind: 'blend', strength })),
  baseline: wordOf('baseline', `expected ${BASELINE_EXPECTED}`),
  checkpoint: entry,
  endpoint: endpointOf(''),
  'endpoint-chat': endpointOf('chat:'),
  answers: wordOf('file', 'expected NAME=FILE, such as restored=answers.jsonl')
}
const MODEL_FIELDS = Object.keys(MODELS)

/** Converts an entry that is one word of the command line to the field that it means. */
function fieldOfWord(text: string): Readonly<Record<string, unknown>> {
  const word = modelWordFromText(text)
  if (!('kind' in word)) return { model: text }
  switch (word.kind) {
    case 'base':
    case 'post':
    case 'few-shot':
    case 'selected':
      return { model: text }
    case 'layers':
      return { restore: text }
    case 'blend':
      return { blend: word.strength }
    case 'baseline':
      return { baseline: text }
    case 'endpoint': {
      const { through, model, baseUrl } = word.endpoint
      return { [through === 'chat' ? 'endpoint-chat' : 'endpoint']: `${word.name}=${model}@${baseUrl}` }
    }
    case 'file':
      return { answers: text }
    case 'name-or-path':
      return /^[\w-]+$/.test(text) ? { model: text } : { checkpoint: text }
  }
}

/** Fields of an evaluation's variant that change its prompts. */
const PROMPT_SETTINGS = { prefix: true, suffix: true, system: true, listed: true, prompting: true } as const

/**
 * A variant of a study: its fields, or a word. `selected` means `model: selected`, and `4-11` means `restore: 4-11`.
 */
export const StudyVariant = z.preprocess(
  (value) => (typeof value === 'string' ? fieldOfWord(value) : value),
  z
    .strictObject({
      ...z.object(MODELS).partial().shape,
      /** Name in results; left out: derived from the model. */
      name: z.string().min(1).max(200).optional(),
      ...EvaluationVariant.pick(PROMPT_SETTINGS).shape,
      /** Sampler that replaces the samplers of the study. */
      sampler: StudySampler.optional(),
      'endpoint-key': Endpoint.shape.keyVariable,
      'endpoint-requests': Endpoint.shape.concurrency,
      'endpoint-any-model': Endpoint.shape.anyModel
    })
    .refine(
      (variant) => Object.keys(variant).filter((field) => MODEL_FIELDS.includes(field)).length === 1,
      `expected one of ${MODEL_FIELDS.join(', ')}`
    )
    .refine(({ model, name }) => name === undefined || model?.kind !== 'from sweep', {
      path: ['name'],
      message: 'is of one model, and a sweep may find several'
    })
    .transform(({ name, prefix, suffix, system, listed, prompting, sampler, ...fields }): StudyVariant => ({
      model: modelOfFields(fields),
      name,
      prefix,
      suffix,
      system,
      listed,
      prompting,
      sampler
    }))
)
export interface StudyVariant extends Pick<EvaluationVariant, keyof typeof PROMPT_SETTINGS> {
  model: StudyModel
  name: string | undefined
  sampler: StudySampler | undefined
}

type ModelFields = Partial<Record<keyof typeof MODELS, StudyModel>> & {
  'endpoint-key'?: Endpoint['keyVariable']
  'endpoint-requests': number
  'endpoint-any-model': boolean
}

/** Returns the model of an entry. An endpoint includes the variable of its key and its number of requests. */
function modelOfFields({
  'endpoint-key': keyVariable,
  'endpoint-requests': concurrency,
  'endpoint-any-model': anyModel,
  ...models
}: ModelFields): StudyModel {
  const model = elementAt(
    Object.values(models).filter((each) => each !== undefined),
    0,
    'model'
  )
  if (model.kind !== 'endpoint') return model
  return { ...model, endpoint: { ...model.endpoint, keyVariable, concurrency, anyModel } }
}
