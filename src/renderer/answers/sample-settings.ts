import type { z } from 'zod'
import { GLOSSARY } from '../../contract/words/glossary'
import { plural } from '../../contract/words/format'
import { samplerWords } from '../../contract/words/sampler-words'
import { Sampling } from '../../contract/model/sampling'
import { SampleSettings } from '../../contract/documents/samples'
import { beyondMemory } from '../../contract/model/bytes'
import { type ComputationDraft, computingOf, draftOfComputing } from '../answers/computation'

/** Editable sampler settings. Numbers are text. */
export interface SettingsDraft extends ComputationDraft {
  temperature: string
  greedy: boolean
  /** Empty means off. */
  topK: string
  topP: string
  minP: string
  repetitionPenalty: string
  maxTokens: string
  sampleCount: string
  seed: string
  /** Stop texts, one per line. The characters \n mean a line break. */
  stopTexts: string
  memoryGibibytes: string
}

interface FieldSpec {
  label: string
  /** The expected value, for the message beside a wrong one. */
  expects: string
  explain: string
  step: number
}

/** Words for the number fields, whose limits the contract checks. */
export const SETTING_FIELDS = {
  sampleCount: {
    label: 'Answers per prompt',
    expects: 'a whole number from 1 to 100,000',
    explain: 'Answers to each prompt from each variant',
    step: 1
  },
  maxTokens: {
    label: 'Most tokens',
    expects: 'a whole number from 1 to 100,000',
    explain: 'An answer that gets this long is cut',
    step: 1
  },
  temperature: {
    label: 'Temperature',
    expects: 'a number from 0 to 100',
    explain: 'Divides the logits: below 1 sharper, above 1 flatter',
    step: 0.1
  },
  minP: {
    label: 'Min-p',
    expects: 'a number from 0 to 1',
    explain: `${GLOSSARY['min-p']} 0 is off.`,
    step: 0.05
  },
  topP: {
    label: 'Top-p',
    expects: 'a number above 0, at most 1',
    explain: 'Keeps the likeliest tokens until their probabilities add up to this; 1 is off',
    step: 0.05
  },
  topK: {
    label: 'Top-k',
    expects: 'a whole number from 1, or nothing',
    explain: 'Keeps this many of the likeliest tokens; empty is off',
    step: 1
  },
  repetitionPenalty: {
    label: 'Repetition penalty',
    expects: 'a number above 0, at most 100',
    explain: 'Makes tokens that occurred already less likely; 1 is off',
    step: 0.05
  },
  seed: {
    label: 'Seed',
    expects: 'a whole number',
    explain: 'The same seed and settings give the same answers, whatever else runs beside them',
    step: 1
  },
  memoryGibibytes: {
    label: 'Memory, GiB',
    expects: 'a number above 0',
    explain: 'Bound on the engine process: weights, opening them, prompts and answers together',
    step: 1
  }
} as const satisfies Partial<Record<keyof SettingsDraft, FieldSpec>>

export type SettingField = keyof typeof SETTING_FIELDS

/**
 * Returns the attributes of a field's input. Top-k may be empty. Chromium reports a `number` input as empty for invalid
 * text such as 1e999 too, so top-k is a text input.
 */
export const settingInput = (field: SettingField) =>
  field === 'topK'
    ? ({ type: 'text', inputmode: 'numeric', placeholder: 'off' } as const)
    : ({ type: 'number', step: SETTING_FIELDS[field].step } as const)

export type SamplingField = keyof Sampling
export type SamplingDraft = Record<SamplingField, string>

/** Returns the texts of the fields for some settings. */
export function draftOfSettings({ sampling, ...settings }: SampleSettings): SettingsDraft {
  return {
    ...draftOfSampling(sampling),
    greedy: sampling.temperature === 0,
    temperature: sampling.temperature === 0 ? '1' : String(sampling.temperature),
    maxTokens: String(settings.maxTokens),
    sampleCount: String(settings.sampleCount),
    seed: String(settings.seed),
    stopTexts: settings.stopTexts.map(escaped).join('\n'),
    memoryGibibytes: String(Number((settings.memoryBytes / 2 ** 30).toPrecision(4))),
    ...draftOfComputing(settings)
  }
}

/** Returns the editable form of a sampler. Temperature 0 is greedy. */
export function draftOfSampling(sampling: Sampling): SamplingDraft {
  return {
    temperature: String(sampling.temperature),
    topK: sampling.topK === null ? '' : String(sampling.topK),
    topP: String(sampling.topP),
    minP: String(sampling.minP),
    repetitionPenalty: String(sampling.repetitionPenalty)
  }
}

/** Returns the sampler of a draft, or the problem of each wrong field. */
export function parseSampling(draft: SamplingDraft): { sampling: Sampling | null; problems: Problems } {
  const parsed = Sampling.safeParse(samplingNumbers(draft))
  return parsed.success
    ? { sampling: parsed.data, problems: {} }
    : { sampling: null, problems: problemsOf(parsed.error) }
}

const samplingNumbers = (draft: SamplingDraft) => ({
  temperature: numberIn(draft.temperature),
  topK: draft.topK.trim() === '' ? null : numberIn(draft.topK),
  topP: numberIn(draft.topP),
  minP: numberIn(draft.minP),
  repetitionPenalty: numberIn(draft.repetitionPenalty)
})

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

const unescaped = (text: string): string =>
  text.replaceAll(/\\([\\n])/g, (_, letter: string) => (letter === 'n' ? '\n' : '\\'))

/** Empty text is no number. */
const numberIn = (text: string): number => (text.trim() === '' ? NaN : Number(text))

type Problems = Partial<Record<SettingField, string>>

/**
 * Returns the settings of a draft, or the problem of each wrong field.
 *
 * @param machineBytes memory of the machine
 */
export function parseSettings(
  draft: SettingsDraft,
  machineBytes: number
): { settings: SampleSettings; problems: Problems } | { settings: null; problems: Problems } {
  const parsed = SampleSettings.safeParse({
    sampling: { ...samplingNumbers(draft), ...(draft.greedy ? { temperature: 0 } : {}) },
    maxTokens: numberIn(draft.maxTokens),
    stopTexts: draft.stopTexts
      .split('\n')
      .filter((line) => line !== '')
      .map(unescaped),
    seed: numberIn(draft.seed),
    sampleCount: numberIn(draft.sampleCount),
    ...computingOf(draft),
    memoryBytes: Math.round(numberIn(draft.memoryGibibytes) * 2 ** 30)
  })
  if (parsed.success) {
    const tooMuch = beyondMemory(parsed.data.memoryBytes, parsed.data.device, machineBytes)
    if (tooMuch === null) return { settings: parsed.data, problems: {} }
    return { settings: null, problems: { memoryGibibytes: tooMuch } }
  }
  return { settings: null, problems: problemsOf(parsed.error) }
}

function problemsOf(error: z.ZodError): Problems {
  const wrong = new Set(error.issues.flatMap(({ path }) => path.map(String)))
  return Object.fromEntries(
    Object.entries(SETTING_FIELDS)
      .filter(([field]) => wrong.has(field === 'memoryGibibytes' ? 'memoryBytes' : field))
      .map(([field, { expects }]) => [field, `needs ${expects}`])
  )
}

/** Describes the sampler of a run and the length of its answers. */
export const describeSampling = ({ sampling, maxTokens }: SampleSettings): string =>
  `${samplerWords(sampling)}, at most ${plural(maxTokens, 'token')}`
