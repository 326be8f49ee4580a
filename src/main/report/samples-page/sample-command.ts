import { endpointWord, pathWord } from '../../../contract/model/model-word'
import { FEW_SHOT_WORD } from '../../../contract/model/few-shot'
import { samplingBaselineText } from '../../../contract/model/sampling-baseline'
import type { SampleRun, Variant } from '../../../contract/documents/samples'
import type { EndpointContact } from '../../../contract/model/endpoint'
import { workCommand } from '../../../contract/work/work'
import { workPairOf, recipeWord, renderingSettings, samplerSettings } from '../option-words'
import {
  asNamed,
  type CommandFile,
  type FileNaming,
  listFile,
  shownModelName,
  serverFields,
  type ShownCommand
} from '../shown-command'

/** Prints the command that repeats a sample run, with files for its prompts and variants. */
export function printSample(run: SampleRun, named = asNamed): ShownCommand {
  const { settings, rendering } = run
  const { sampleCount, seed, maxTokens, stopTexts, device, sampling } = settings
  const variants = run.variants.map((variant, index) => namedVariant(variant, index, named))
  const contacts = variants.flatMap(({ contact }) => contact ?? [])
  const prompts = listFile(
    named('prompts.json'),
    run.prompts.map(({ text, category, system, raw }) => ({ text, category, system, raw }))
  )
  const command = workCommand(
    {
      kind: 'sample',
      pair: workPairOf(run),
      models: variants.map(({ word }) => word),
      settings: {
        prompts: prompts.name,
        n: sampleCount,
        seed,
        maxTokens,
        device,
        ...samplerSettings(sampling),
        ...(stopTexts.length === 0 ? {} : { stop: stopTexts }),
        precision: run.precision ?? settings.precision,
        weights: run.weights ?? settings.weights,
        ...renderingSettings(rendering),
        ...(contacts.length === 0 ? {} : { allowAddress: contacts })
      }
    },
    `samples-${run.id}.jsonl`
  )
  return { command, files: [prompts, ...variants.flatMap(({ files }) => files)] }
}

interface NamedVariant {
  word: string
  files: CommandFile[]
  /** Address that the user has to confirm. */
  contact?: EndpointContact
}

function namedVariant(variant: Variant, index: number, named: FileNaming): NamedVariant {
  switch (variant.kind) {
    case 'recipe':
      return recipeWord(variant.recipe, named(`recipe-${index + 1}.json`))
    case 'checkpoint':
      return { word: pathWord(shownModelName(variant.path)), files: [] }
    case 'baseline':
      return { word: samplingBaselineText(variant.baseline), files: [] }
    case 'few-shot':
      return { word: FEW_SHOT_WORD, files: [] }
    case 'endpoint':
      return namedEndpoint(variant, named(`endpoint-${index + 1}.yaml`))
    case 'file':
      return { word: `${variant.name}=${shownModelName(variant.path)}`, files: [] }
    default:
      return { word: variant.kind, files: [] }
  }
}

/** Writes an endpoint as a word, or as a file if a word cannot hold all its properties. */
function namedEndpoint({ name, endpoint }: Extract<Variant, { kind: 'endpoint' }>, fileName: string): NamedVariant {
  const { baseUrl, model, keyVariable, anyModel, through } = endpoint
  if (keyVariable === undefined && !anyModel) return { word: endpointWord(name, endpoint), files: [] }
  const file = serverFields(fileName, {
    url: baseUrl,
    model,
    chat: through === 'chat',
    'any-model': anyModel,
    ...(keyVariable === undefined ? {} : { key: keyVariable })
  })
  return { word: `${name}=${fileName}`, files: [file], contact: { baseUrl, keyVariable } }
}
