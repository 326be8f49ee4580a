import { contactText } from '../../../contract/model/endpoint'
import { endpointWord, placeWord } from '../../../contract/model/model-word'
import { samplingBaselineText } from '../../../contract/model/sampling-baseline'
import type { SampleRun, Variant } from '../../../contract/documents/samples'
import { pairWords, recipeWords, renderingWords, samplingWords } from '../option-words'
import {
  asNamed,
  type CommandFile,
  type FileNaming,
  listFile,
  modelName,
  shellCommand,
  serverFile,
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
  if (variant.kind === 'checkpoint') return { words: [placeWord(modelName(variant.path))], file: null }
  if (variant.kind === 'baseline') return { words: [samplingBaselineText(variant.baseline)], file: null }
  if (variant.kind === 'endpoint') return endpointWords(variant, named(`endpoint-${index + 1}.yaml`))
  if (variant.kind === 'file') return { words: [`${variant.name}=${modelName(variant.path)}`], file: null }
  return { words: [variant.kind], file: null }
}

/** An endpoint as a word, or as a file where a word cannot say all of it. */
function endpointWords(
  { name, endpoint }: Extract<Variant, { kind: 'endpoint' }>,
  fileName: string
): { words: string[]; file: CommandFile | null } {
  const { baseUrl, model, keyVariable, anyModel, through } = endpoint
  if (keyVariable === undefined && !anyModel) return { words: [endpointWord(name, endpoint)], file: null }
  const file = serverFile(fileName, {
    ...{ url: baseUrl, model, chat: through === 'chat', 'any-model': anyModel },
    ...(keyVariable === undefined ? {} : { key: keyVariable })
  })
  return { words: [`${name}=${fileName}`, '--allow-address', contactText(endpoint)], file }
}
