import { samplingBaselineText } from '../../../contract/model/sampling-baseline'
import { endpointWords } from '../../../contract/model/external-model'
import type { SampleRun, Variant } from '../../../contract/documents/samples'
import { pairWords, recipeWords, renderingWords, samplingWords } from '../option-words'
import {
  asNamed,
  type CommandFile,
  type FileNaming,
  listFile,
  modelName,
  shellCommand,
  type ShownCommand
} from '../shown-command'

/** The `slr sample` command that repeats a run. @param named what its files are called */
export function sampleCommand(run: SampleRun, named = asNamed): ShownCommand {
  const { settings, rendering } = run
  const weights = run.weights ?? settings.weights
  const precision = run.precision ?? settings.precision
  const variants = run.variants.map((variant, index) => variantWords(variant, index, named))
  const prompts = listFile(
    named('prompts.json'),
    run.prompts.map(({ text, category, system, raw }) => ({ text, category, system, raw }))
  )
  return {
    command: shellCommand([
      ['slr', 'sample', ...pairWords(run)],
      variants.flatMap((variant) => variant.words),
      ['--prompts', prompts.name, '--n', String(settings.sampleCount), '--seed', String(settings.seed)],
      samplingWords(settings.sampling),
      [
        ...['--max-tokens', String(settings.maxTokens)],
        ...settings.stopTexts.flatMap((text) => ['--stop', text]),
        ...['--device', settings.device],
        ...(precision === undefined ? [] : ['--precision', precision]),
        ...(weights === undefined ? [] : ['--weights', weights])
      ],
      renderingWords(rendering),
      ['--out', `samples-${run.id}.jsonl`]
    ]),
    files: [prompts, ...variants.flatMap((variant) => (variant.file === null ? [] : [variant.file]))]
  }
}

function variantWords(
  variant: Variant,
  index: number,
  named: FileNaming
): { words: string[]; file: CommandFile | null } {
  if (variant.kind === 'recipe') return recipeWords(variant.recipe, named(`recipe-${index + 1}.json`))
  if (variant.kind === 'checkpoint') return { words: ['--checkpoint', modelName(variant.path)], file: null }
  if (variant.kind === 'baseline')
    return { words: ['--baseline', samplingBaselineText(variant.baseline)], file: null }
  if (variant.kind === 'endpoint') return { words: endpointWords(variant), file: null }
  if (variant.kind === 'file')
    return { words: ['--answers', `${variant.name}=${modelName(variant.path)}`], file: null }
  return { words: ['--model', variant.kind], file: null }
}
