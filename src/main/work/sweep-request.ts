import { postTextFolder } from '../checkpoint/model-folder'
import type { PairDocument } from '../../contract/documents/project'
import { BY_CHARACTERS, type ScoredTask } from '../../contract/documents/scored-by'
import type { RestoredTo } from '../../contract/model/checkpoint'
import { elementAt } from '../../contract/model/look-up'
import { notFoundError } from '../../contract/model/problem'
import { DEFAULT_UNIFORM_BLENDS } from '../../contract/model/recipe'
import { changedRendering, changedSampling, type SweepSettings } from '../../contract/work/settings'
import { openPair } from '../checkpoint/pair'
import type { CrcSweepRequest } from '../crc/sweep/prepare-sweep'
import type { PairFolders } from '../crc/sweep/score-recipes'
import { namedPrompts } from '../crc/task/builtin-prompts'
import { readRecipesFile } from '../mergekit/recipe-file'
import { pairPaths } from '../project/demo'
import { recentTextModel } from '../text/recent-text-models'
import { chosenDevice } from './chosen-device'
import { deviceAndMemory } from './device-and-memory'
import type { Devices } from './devices'
import { namedCheckpoints } from './named-checkpoints'
import { namedTask } from './named-task'
import { requireKnownTemplateVariables } from './template-arguments'
import { builtinPromptsFor, type WorkContext } from './work-context'

/**
 * Builds the request of a sweep. Settings that are left open come from the context, which is a pair of a project or the
 * folders of the command line.
 */
export async function sweepRequest(
  settings: SweepSettings,
  context: WorkContext,
  devices: Devices
): Promise<CrcSweepRequest> {
  const { document } = context
  const folders = pairPaths(document.location)
  const prompts = await scoredPrompts(settings, context)
  const recipes = settings.recipes === undefined ? null : await readRecipesFile(settings.recipes, folders)
  await requireKnownTemplateVariables(settings, await postTextFolder(folders))
  const rendering = changedRendering(settings, document.rendering)
  // The tokenizer is loaded here, so that a bad one is reported before devices are tried, which takes seconds.
  await recentTextModel((await openPair(folders.base, folders.post)).post.checkpoint.textFolder)
  const { device, memoryBytes } = await deviceAndMemory(settings, document.settings)
  return {
    ...folders,
    prompts,
    rendering: { ...rendering, countLeadingSpace: settings.countLeadingSpace ?? rendering.countLeadingSpace },
    rho: settings.rho ?? document.settings.rho,
    ranges: recipes === null,
    source: await sweepSource(settings, document, folders),
    baselines: true,
    whatIf: settings.whatIf,
    split: settings.split ?? splitOfPair(settings, document.settings),
    preview: settings.preview,
    uniformBlendCount: uniformBlendCount(settings, document.settings),
    recipes: recipes ?? document.recipes.map(({ recipe }) => recipe),
    checkpoints:
      settings.checkpoint === undefined
        ? document.otherCheckpoints
        : await namedCheckpoints(settings.checkpoint, folders, document.otherCheckpoints),
    device: await chosenDevice({ device, precision: settings.precision }, folders.base, devices),
    seed: settings.seed,
    budget: settings.budget,
    precision: settings.precision,
    memoryBytes
  }
}

type PairSettings = PairDocument['settings']

/** Returns the prompts of a sweep by the character task, or the task of a sweep with its sampler. */
async function scoredPrompts(settings: SweepSettings, context: WorkContext): Promise<CrcSweepRequest['prompts']> {
  if (settings.prompts !== undefined) return namedPrompts(settings.prompts)
  if (settings.task === BY_CHARACTERS.kind) {
    return context.pair?.prompts ?? (await builtinPromptsFor(context.document.location))
  }
  const scored: CrcSweepRequest['prompts'] =
    settings.task === undefined && settings.regain === undefined
      ? await context.scored()
      : await scoredTask(settings, context)
  if (Array.isArray(scored)) return scored
  return {
    ...scored,
    sampling: changedSampling(settings, scored.sampling),
    draws: settings.draws ?? scored.draws
  }
}

/** Returns the task that settings name. With `regain` and `keep`, one task measures diversity and another validity. */
async function scoredTask(
  { regain, keep, task: name = regain ?? '' }: SweepSettings,
  { pair }: WorkContext
): Promise<ScoredTask> {
  const task = await namedTask(name, pair)
  const { sampling, sampleCount } = task.settings
  const scored: ScoredTask = { kind: 'task', task, sampling, draws: sampleCount }
  if (keep === undefined) return scored
  // With one draw, the coverage of a single right answer is its probability.
  const isSingle = task.prompts.every(({ answers = [] }) => answers.length <= 1)
  return { ...scored, keep: await namedTask(keep, pair), ...(isSingle && { draws: 1 }) }
}

/** Returns the pair's choice of a hold-out split; undefined if settings name other prompts or another task. */
function splitOfPair({ prompts, task, regain }: SweepSettings, { scoredBy }: PairSettings): boolean | undefined {
  const isFromPair = prompts === undefined && task === undefined && regain === undefined
  return isFromPair && scoredBy.kind === 'task' ? scoredBy.split : undefined
}

/** Returns the number of uniform blends. It is 0 by default if recipes replace the ranges. */
function uniformBlendCount({ uniformBlends, recipes }: SweepSettings, settings: PairSettings): number {
  if (uniformBlends === true) return DEFAULT_UNIFORM_BLENDS
  return uniformBlends ?? (recipes === undefined ? settings.uniformBlendCount : 0)
}

/** Returns the checkpoint that ranges are restored to; null for base, and if recipes replace the ranges. */
async function sweepSource(
  { recipes, source }: SweepSettings,
  document: WorkContext['document'],
  folders: PairFolders
): Promise<RestoredTo> {
  if (recipes !== undefined || source === 'base') return null
  if (source === undefined) return sourceOfPair(document)
  const named = await namedCheckpoints([source], folders, document.otherCheckpoints)
  const { name, path, fingerprint } = elementAt(named, 0, 'checkpoint')
  return { name, path, fingerprint }
}

/** Returns the checkpoint that the pair's settings name as source. @throws WorkbenchError `not-found` if removed */
function sourceOfPair({ settings, otherCheckpoints }: WorkContext['document']): RestoredTo {
  if (settings.source === null) return null
  const checkpoint = otherCheckpoints.find(({ id }) => id === settings.source)
  if (checkpoint !== undefined)
    return { name: checkpoint.name, path: checkpoint.path, fingerprint: checkpoint.fingerprint }
  throw notFoundError(
    'The checkpoint that sweeps restore layers to is no longer in the project.',
    'Choose base, or another checkpoint, in the plan of the next sweep.'
  )
}
