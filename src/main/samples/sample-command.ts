import type { SamplePrompt, SampleRun, Variant } from '../../contract/samples'
import { pairPaths } from '../project/demo'

/** A command and the files it names. */
export interface SampleCommand {
  command: string
  files: { name: string; content: string }[]
}

/**
 * The `slr sample` command that repeats a run, for a POSIX shell. Model folders stand under their names alone, since a
 * page that is shared should not tell how the folders of its author are called.
 */
export function sampleCommand(run: SampleRun): SampleCommand {
  const { settings, rendering } = run
  const { sampling } = settings
  const weights = run.weights ?? settings.weights
  const precision = run.precision ?? settings.precision
  const variants = run.variants.map(variantArguments)
  const prompts = run.prompts.map(({ text, category, system, raw }) => ({ text, category, system, raw }))
  const groups: string[][] = [
    ['slr', 'sample', ...pairArguments(run)],
    variants.flatMap((variant) => variant.words),
    ['--prompts', PROMPTS_FILE, '--n', String(settings.sampleCount), '--seed', String(settings.seed)],
    [
      ...['--temperature', String(sampling.temperature)],
      // 0 switches off what a generation config may ask for.
      ...['--top-k', String(sampling.topK ?? 0)],
      ...['--top-p', String(sampling.topP)],
      ...['--min-p', String(sampling.minP)],
      ...['--repetition-penalty', String(sampling.repetitionPenalty)]
    ],
    [
      ...['--max-tokens', String(settings.maxTokens)],
      ...settings.stopTexts.flatMap((text) => ['--stop', text]),
      ...['--device', settings.device],
      ...(precision === undefined ? [] : ['--precision', precision]),
      ...(weights === undefined ? [] : ['--weights', weights])
    ],
    [
      ...(rendering.systemPrompt === '' ? [] : ['--system', rendering.systemPrompt]),
      ...Object.entries(rendering.templateArguments).flatMap(([key, value]) => [
        '--template-argument',
        `${key}=${String(value)}`
      ]),
      ...['--date', rendering.date],
      ...(rendering.assistantPrefix === '' ? [] : ['--assistant-prefix', rendering.assistantPrefix])
    ],
    ['--out', `samples-${run.id}.jsonl`]
  ]
  return {
    command: groups.map((words) => words.map(shellWord).join(' ')).join(' \\\n  '),
    files: [
      { name: PROMPTS_FILE, content: promptsJson(prompts) },
      ...variants.flatMap((variant) => (variant.file === null ? [] : [variant.file]))
    ]
  }
}

const PROMPTS_FILE = 'prompts.json'

/** The name of a model from its folder: `org/name` for one of the Hugging Face cache, else the last part of the path. */
export function modelName(path: string): string {
  const [, cached] = /(?:^|[/\\])models--([^/\\]+)/.exec(path) ?? []
  if (cached !== undefined) return cached.replace('--', '/')
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path
}

function pairArguments({ basePath, postPath }: SampleRun): string[] {
  const demo = pairPaths({ kind: 'demo' })
  if (basePath.path === demo.base && postPath.path === demo.post) return ['--demo']
  return ['--base', modelName(basePath.path), '--post', modelName(postPath.path)]
}

function variantArguments(
  variant: Variant,
  index: number
): { words: string[]; file: SampleCommand['files'][number] | null } {
  if (variant.kind === 'checkpoint') return { words: ['--checkpoint', modelName(variant.path)], file: null }
  if (variant.kind !== 'recipe') return { words: ['--model', variant.kind], file: null }
  if ('ranges' in variant.recipe) {
    const ranges = variant.recipe.ranges.map(([start, end]) => `${start}-${end}`)
    return { words: ['--restore', ranges.join(',')], file: null }
  }
  const name = `recipe-${index + 1}.json`
  return { words: ['--recipe', name], file: { name, content: `${JSON.stringify(variant.recipe)}\n` } }
}

/** One prompt a line. */
function promptsJson(prompts: readonly SamplePrompt[]): string {
  return `[\n${prompts.map((prompt) => `  ${JSON.stringify(prompt)}`).join(',\n')}\n]\n`
}

function shellWord(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
