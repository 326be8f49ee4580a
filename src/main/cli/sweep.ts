import type { Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_RENDERING, type SweepDocument } from '../../contract/crc'
import { WorkbenchError } from '../../contract/problem'
import { DEFAULT_SOUP_SIZE } from '../../contract/recipe'
import { DEFAULT_RHO, type PairLocation } from '../../contract/project'
import { resolveModelFolder } from '../checkpoint/model-folder'
import { builtinPromptSet } from '../crc/builtin-prompts'
import { runCrcSweep } from '../crc/crc-sweep'
import type { CrcSweepRequest } from '../crc/prepare-sweep'
import { readPromptFile } from '../crc/prompt-file'
import { DEFAULT_SEED } from '../crc/selection'
import { Devices } from '../devices'
import { pairPaths } from '../project/demo'
import { openProject, type Project } from '../project/project'
import { withEngine } from './engine'
import {
  CommonOptions,
  DeviceOptions,
  MEMORY_OPTION,
  numberWithin,
  pairIfGiven,
  PairOptions,
  readOptions,
  renderingFrom,
  RenderingOptions,
  requirePair,
  wholeNumber,
  withCommonOptions,
  withDeviceOptions,
  withPairOptions,
  withRenderingOptions
} from './options'
import { printJson, printText, remark } from './output'
import { checkOutputFile, writeOutputFile } from './output-file'
import { progressDisplay, sweepStep } from './progress'
import { readRecipesFile } from './recipe-file'
import { describeSweep } from './sweep-report'

/** What is scored on which prompts. */
export const ScoredOptions = z.strictObject({
  countLeadingSpace: z.boolean().optional(),
  prompts: z.string().optional(),
  recipes: z.string().optional(),
  soup: z.union([z.literal(true), z.number()]).optional()
})

const SweepOptions = z.strictObject({
  ...CommonOptions.shape,
  ...PairOptions.shape,
  ...RenderingOptions.shape,
  ...DeviceOptions.shape,
  ...ScoredOptions.shape,
  rho: z.number().optional(),
  memory: z.number().optional(),
  seed: z.number(),
  out: z.string().optional(),
  project: z.string().optional()
})
type SweepOptions = z.infer<typeof SweepOptions>

export function withScoredOptions(command: Command): Command {
  return command
    .optionsGroup('What to score:')
    .option('--prompts <file>', 'prompt set, a JSON list (default: the built-in set that suits the pair)')
    .option('--recipes <file>', 'score these recipes, a JSON list, instead of all ranges')
    .option(
      '--soup [size]',
      `also blend all layers alike, from post to base, in this many strengths (default: ${DEFAULT_SOUP_SIZE})`,
      wholeNumber(2, 201)
    )
    .option('--count-leading-space', 'also count answers that begin with white space')
}

/** `slr sweep`: scores every restoration range, or the given recipes, and selects a range. */
export function addSweepCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('sweep')
    .description('score every restoration range and select the most diverse one that stays valid')
  withScoredOptions(withPairOptions(command))
    .option('--rho <share>', `share of post's validity to keep (default: ${DEFAULT_RHO})`, numberWithin(0, 1))
    .option('--seed <n>', 'seed of the bootstrap', wholeNumber(0, 2 ** 31 - 1), DEFAULT_SEED)
    .optionsGroup('Where the result goes:')
    .option('--out <file>', 'write it as JSON to a file; an existing file is replaced')
    .option(
      '--project <folder>',
      'save it in this project, whose pair, prompts and settings are the defaults'
    )
  withRenderingOptions(command)
  withCommonOptions(withDeviceOptions(command).addOption(MEMORY_OPTION)).action(async () => {
    await sweep(readOptions(SweepOptions, command), command, signal)
  })
}

async function sweep(options: SweepOptions, command: Command, signal: AbortSignal): Promise<void> {
  const givenPair = pairIfGiven(options, command)
  const tell = options.quiet ? () => undefined : remark
  const project = options.project === undefined ? null : await openProjectToSave(options.project, tell)
  try {
    if (givenPair !== null && project !== null) await requireSamePair(givenPair, project)
    const pair = givenPair ?? project?.document.pair ?? requirePair(options, command)
    const output = options.out === undefined ? null : await checkOutputFile(options.out)
    const document = await runWithProgress(await sweepRequest(options, pair, project), options.quiet, signal)
    signal.throwIfAborted()
    // Whichever place fails, the others get the result: it may have taken hours.
    const saved = await Promise.allSettled([
      project?.saveSweep(document),
      output === null ? undefined : writeOutputFile(output, document)
    ])
    await (options.json ? printJson(document) : printText(describeSweep(document)))
    for (const outcome of saved) if (outcome.status === 'rejected') throw outcome.reason
    if (output !== null) tell(`${output.exists ? 'Replaced' : 'Wrote'} ${output.path}`)
    if (project !== null) tell(`Saved in ${project.path} as sweep ${document.id}`)
  } finally {
    await project?.close()
  }
}

export async function openProjectToSave(path: string, tell: (text: string) => void): Promise<Project> {
  const project = await openProject(path)
  if (project.readOnly !== null) {
    throw new WorkbenchError(
      'read-only',
      `${project.path} cannot take the result. ${project.readOnly}`,
      'Copy it to a place that you can write to, or use --out.'
    )
  }
  for (const warning of project.warnings) tell(warning)
  return project
}

/** What the command line leaves open comes from the project, and without one from the built-in defaults. */
export async function sweepRequest(
  options: Omit<SweepOptions, keyof z.infer<typeof PairOptions> | 'json' | 'quiet' | 'out' | 'project'>,
  pair: PairLocation,
  project: Project | null
): Promise<CrcSweepRequest> {
  const prompts = options.prompts === undefined ? project?.prompts : await readPromptFile(options.prompts)
  const folders = pairPaths(pair)
  const recipes = options.recipes === undefined ? null : await readRecipesFile(options.recipes, folders)
  const rendering = renderingFrom(options, project?.document.rendering ?? DEFAULT_RENDERING)
  return {
    ...folders,
    prompts: prompts ?? (await builtinPromptSet(pair.kind === 'demo' ? 'demo-crc' : 'crc')),
    rendering: { ...rendering, countLeadingSpace: options.countLeadingSpace ?? rendering.countLeadingSpace },
    rho: options.rho ?? project?.document.settings.rho ?? DEFAULT_RHO,
    ranges: recipes === null,
    soupSize:
      options.soup === true
        ? DEFAULT_SOUP_SIZE
        : (options.soup ?? (recipes === null ? project?.document.settings.soupSize : 0) ?? 0),
    recipes: recipes ?? project?.document.recipes.map((kept) => kept.recipe) ?? [],
    seed: options.seed,
    device: await new Devices().choose(
      options.device ?? project?.document.settings.device ?? 'auto',
      folders.post
    ),
    precision: options.precision,
    memoryBytes: options.memory ?? project?.document.settings.memoryBytes
  }
}

/** A project is about one pair: another pair's sweep in it would be shown as if it were of its own. */
export async function requireSamePair(pair: PairLocation, project: Project): Promise<void> {
  const [given, own] = [pairPaths(pair), pairPaths(project.document.pair)]
  for (const member of ['base', 'post'] as const) {
    const [givenFolder, ownFolder] = await Promise.all([given[member], own[member]].map(resolveModelFolder))
    if (givenFolder === ownFolder) continue
    throw new WorkbenchError(
      'mismatch',
      `The project ${project.path} has ${ownFolder} as ${member}, not ${givenFolder}.`,
      "Leave the pair out to sweep the project's own."
    )
  }
}

export async function runWithProgress(
  request: CrcSweepRequest,
  quiet: boolean,
  signal: AbortSignal
): Promise<SweepDocument> {
  const progress = progressDisplay(quiet)
  try {
    return await withEngine((engine) =>
      runCrcSweep(engine, request, signal, (event) => {
        if (event.type === 'progress') progress.update(sweepStep(event.progress))
        if (event.type === 'notice' && !quiet) remark(event.message)
      })
    )
  } finally {
    progress.stop()
  }
}
