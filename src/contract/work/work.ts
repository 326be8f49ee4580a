import { z } from 'zod'
import { DEMO_PAIRS, DemoPair } from '../model/demo-pair'
import { contactText, EndpointContact } from '../model/endpoint'
import { shellWord } from '../words/shell-word'
import {
  CheckSettings,
  EvaluateSettings,
  SampleCommandSettings,
  SearchCommandSettings,
  SweepSettings
} from './settings'

const WorkPair = z.union([
  z.strictObject({ demo: DemoPair }),
  z.strictObject({ base: z.string(), post: z.string() }),
  z.strictObject({ project: z.string(), pair: z.string().optional() })
])
export type WorkPair = z.infer<typeof WorkPair>

/** Makes the schema of a kind of work with its settings. */
export const workSettings = <Kind extends string, Settings extends z.ZodRawShape>(
  kind: Kind,
  settings: z.ZodObject<Settings>
) => z.strictObject({ kind: z.literal(kind), settings: settings.strict() })

const work = <Kind extends string, Settings extends z.ZodRawShape>(kind: Kind, settings: z.ZodObject<Settings>) =>
  workSettings(kind, settings).extend({
    pair: WorkPair,
    /** Models or recipes, each as a word of the command line. */
    models: z.array(z.string()).default([])
  })

/** Work as data: the kind, pair, models and settings of one `slr` command, without its output file. */
export const Work = z.discriminatedUnion('kind', [
  work('sweep', SweepSettings),
  work('check', CheckSettings),
  work('search', SearchCommandSettings),
  work('sample', SampleCommandSettings),
  work('evaluate', EvaluateSettings),
  work('export', z.object({}))
])
export type Work = z.infer<typeof Work>

/** Returns a key that is equal for equal work. A preview has the key of its full sweep, because it can become one. */
export function workKey({ kind, settings }: { kind: string; settings: object }): string {
  const named = Object.entries(settings).filter(([name, value]) => name !== 'preview' && value !== undefined)
  return JSON.stringify([kind, named.toSorted(([a], [b]) => (a < b ? -1 : 1))])
}

/** Names of the settings on each line of a printed command. */
const LINES: readonly (readonly string[])[] = [
  ['from', 'check', 'recipes'],
  ['task', 'prompts', 'variants', 'temperature', 'topK', 'topP', 'minP', 'repetitionPenalty', 'draws'],
  ['split', 'uniformBlends', 'whatIf', 'preview'],
  ['source', 'checkpoint'],
  ['method', 'beam', 'generations', 'strengths', 'orders', 'halves', 'starts', 'bounds', 'budget'],
  ['n', 'best', 'rho', 'seed', 'maxTokens', 'stop'],
  ['system', 'templateArgument', 'date', 'assistantPrefix', 'countLeadingSpace'],
  ['device', 'precision', 'weights', 'memory'],
  ['prompting', 'embeddingModel', 'classifier', 'against'],
  ['judge', 'allowAddress']
]

/** Returns the command-line words of settings, with a list of words for each line. */
export function settingLines(settings: object): string[][] {
  const values: ReadonlyMap<string, unknown> = new Map(Object.entries(settings))
  return LINES.map((line) => line.flatMap((name) => settingWords(name, values.get(name))))
}

/** Returns the `slr` command that does the work, for a POSIX shell, broken into lines by {@link LINES}. */
export function workCommand(work: Work, out: string): string {
  const { kind, pair, models } = work
  const result = ['--out', out]
  // A short command has one line.
  const start = ['slr', kind, ...pairWords(pair)]
  const lines =
    kind === 'export' ? [[...start, ...models, ...result]] : [start, models, ...settingLines(work.settings), result]
  return lines
    .filter((words) => words.length > 0)
    .map((words) => words.map(shellWord).join(' '))
    .join(' \\\n  ')
}

/** Returns the command-line words that name a pair. */
export function pairWords(pair: WorkPair): string[] {
  if ('demo' in pair) return [`--${DEMO_PAIRS[pair.demo].word}`]
  if ('base' in pair) return ['--base', pair.base, '--post', pair.post]
  const words = ['--project', pair.project]
  return pair.pair === undefined ? words : [...words, '--pair', pair.pair]
}

export const optionName = (setting: string): string => setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Returns the setting of an option, such as `topK` for `top-k`. */
export const settingName = (option: string): string =>
  option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Settings that are lists, written as one word with commas. */
const COMMA_LISTS: readonly string[] = ['strengths', 'starts', 'bounds']

function settingWords(name: string, value: unknown): string[] {
  if (name === 'check' && value === false) return ['--no-check']
  if (value === undefined || value === false) return []
  const flag = `--${optionName(name)}`
  if (value === true) return [flag]
  if (!Array.isArray(value)) return optionWords(flag, String(value))
  if (COMMA_LISTS.includes(name)) return optionWords(flag, value.join(',') || 'none')
  return value.flatMap((entry) => optionWords(flag, entryText(entry)))
}

/** Writes an option with its value. A value with a leading minus is joined by `=`, or it would be read as an option. */
const optionWords = (flag: string, text: string): string[] =>
  text.startsWith('-') ? [`${flag}=${text}`] : [flag, text]

function entryText(entry: unknown): string {
  const contact = EndpointContact.safeParse(entry)
  if (contact.success) return contactText(contact.data)
  return Array.isArray(entry) ? entry.map(String).join('=') : String(entry)
}
