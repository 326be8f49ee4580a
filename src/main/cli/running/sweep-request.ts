import { DEFAULT_RENDERING } from '../../../contract/documents/crc'
import { DEFAULT_RHO, type PairLocation } from '../../../contract/documents/project'
import { DEFAULT_SOUP_SIZE } from '../../../contract/model/recipe'
import { openPair } from '../../checkpoint/pair'
import type { CrcSweepRequest } from '../../crc/sweep/prepare-sweep'
import { builtinPromptSet } from '../../crc/task/builtin-prompts'
import { readRecipesFile } from '../../mergekit/recipe-file'
import { pairPaths } from '../../project/demo'
import type { ProjectPair } from '../../project/pair/project-pair'
import { recentTextModel } from '../../text/recent-text-models'
import type { OptionsOf } from '../options/option-group'
import {
  type DeviceOptions,
  type memoryOption,
  renderingFrom,
  type renderingOptions,
  type RhoOption
} from '../options/options'
import { givenPrompts, givenSource, projectSplits, type ScoredOptions } from '../options/scored-options'
import { requireReadArguments } from '../options/template-arguments'
import { givenCheckpoints } from '../options/variants'
import { chosenDevice } from './chosen-device'

type SweepRequestOptions = ScoredOptions &
  RhoOption &
  OptionsOf<typeof renderingOptions> &
  DeviceOptions &
  OptionsOf<typeof memoryOption> &
  Pick<CrcSweepRequest, 'seed' | 'preview'>

/** The sweep that the options of a command ask for. What they leave open comes from the project, else from the built-in defaults. */
export async function sweepRequest(
  options: SweepRequestOptions,
  pair: PairLocation,
  own: ProjectPair | null,
  signal: AbortSignal
): Promise<CrcSweepRequest> {
  const asked = { device: options.device ?? own?.document.settings.device, precision: options.precision }
  const prompts = await givenPrompts(options, own)
  const folders = pairPaths(pair)
  const recipes = options.recipes === undefined ? null : await readRecipesFile(options.recipes, folders)
  await requireReadArguments(options, folders.post)
  const rendering = renderingFrom(options, own?.document.rendering ?? DEFAULT_RENDERING)
  // Before devices are tried out, which takes a while: nothing is scored without.
  await recentTextModel((await openPair(folders.base, folders.post)).post.checkpoint.path)
  return {
    ...folders,
    prompts: prompts ?? (await builtinPromptSet(pair.kind === 'demo' ? 'demo-crc' : 'crc')),
    rendering: { ...rendering, countLeadingSpace: options.countLeadingSpace ?? rendering.countLeadingSpace },
    rho: options.rho ?? own?.document.settings.rho ?? DEFAULT_RHO,
    ranges: recipes === null,
    source: await givenSource(options, folders, own),
    rivals: true,
    whatIf: options.whatIf,
    split: options.split ?? projectSplits(options, own),
    preview: options.preview,
    soupSize:
      options.soup === true
        ? DEFAULT_SOUP_SIZE
        : (options.soup ?? (recipes === null ? own?.document.settings.soupSize : 0) ?? 0),
    recipes: recipes ?? own?.document.recipes.map((kept) => kept.recipe) ?? [],
    checkpoints:
      options.checkpoint === undefined
        ? (own?.document.otherCheckpoints ?? [])
        : await givenCheckpoints(options.checkpoint, folders, own),
    seed: options.seed,
    device: await chosenDevice(asked, folders.post, signal),
    precision: options.precision,
    memoryBytes: options.memory ?? own?.document.settings.memoryBytes
  }
}
