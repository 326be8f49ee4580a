import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onlyMeans, type SweepDocument } from '../../contract/documents/crc'
import type { RankTable } from '../../contract/documents/rank-table'
import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import { elementAt } from '../../contract/model/look-up'
import type { LayerStrength, Recipe } from '../../contract/model/recipe'
import { isPostLayer } from '../../contract/model/strengths'
import type { LowRankResult } from '../../contract/procedures/weights'
import { isProcessRunning } from '../base/files/lock'
import { requireRoom } from '../base/files/room'
import { sum } from '../base/sums'
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../checkpoint/adapter-config'
import { lowRankConfig, type LowRankPlan, planLowRank } from '../checkpoint/low-rank-plan'
import { openOther } from '../checkpoint/other-checkpoint'
import { runCrcSweep } from '../crc/sweep/crc-sweep'
import { normsNote, plannedBytes } from '../export/plan-low-rank'
import { type OpenedRecipe, openRecipe } from '../export/prepare'
import { pairPaths } from '../project/demo'
import { computeLowRank } from '../readings/host'
import type { Devices } from './devices'
import type { WorkRuntime } from './work-runtime'
import { sweepRequest } from './sweep-request'
import type { WorkContext } from './work-context'

/* Compares low-rank adapters of several ranks, so that the user can choose the smallest that is good enough. */

/** Ranks to score. Ranks at or above the full rank of the recipe's difference from post are left out. */
const RANKS = [8, 16, 32, 64, 128, 256, 512]

/** An adapter of one rank in a temporary folder. */
type RankedAdapter = LowRankResult['files'][number] & { readonly source: OtherCheckpoint }

interface RanksToScore {
  readonly recipe: Recipe
  readonly savesNormsAndBiases: boolean
  /** Folder of an open project for temporary files; null for the system's temporary folder. */
  readonly project: string | null
}

/**
 * Approximates a recipe by low-rank adapters on post, one for each rank, and scores them as a sweep scores ranges. The
 * adapters are written to a temporary folder.
 */
export async function scoreRanks(
  context: WorkContext,
  { recipe, savesNormsAndBiases, project }: RanksToScore,
  devices: Devices,
  runtime: WorkRuntime
): Promise<RankTable> {
  const opened = await openRecipe(pairPaths(context.document.location), recipe)
  const plan = planLowRank(opened.pair, opened.strengths)
  const lowerRanks = RANKS.filter((rank) => rank < plan.fullRank)
  const ranks = lowerRanks.length === 0 ? [plan.fullRank] : lowerRanks
  const request = await sweepRequest({}, context, devices)
  const folder = await adaptersFolder(project)
  try {
    const bytes = ranks.map((rank) => plannedBytes(opened.pair, plan, { rank, savesNormsAndBiases }))
    await requireRoom(folder, sum(bytes))
    const adapters = await writeAdapters(opened, { plan, ranks, savesNormsAndBiases, folder }, runtime)
    /** Restores the recipe's layers to an adapter: post with that adapter is a checkpoint. */
    const layers = ({ source }: RankedAdapter): LayerStrength[] =>
      opened.strengths.map((layer) => (isPostLayer(layer) ? layer : { attention: 1, mlp: 1, source }))
    const sweep = await runCrcSweep(
      runtime.engine,
      {
        ...request,
        ranges: false,
        source: null,
        wholeBase: false,
        baselines: false,
        whatIf: false,
        split: false,
        preview: false,
        uniformBlendCount: 0,
        checkpoints: [],
        recipes: [
          { name: recipe.name, layers: [...opened.strengths] },
          ...adapters.map((adapter) => ({
            name: `${recipe.name}, rank ${adapter.rank}`,
            layers: layers(adapter)
          }))
        ]
      },
      runtime.signal,
      (event) => {
        if (event.type === 'progress') runtime.notify({ kind: 'sweep', ...event })
      }
    )
    const note = normsNote(plan, { rank: plan.fullRank, savesNormsAndBiases })
    return {
      ...tableOf(sweep, adapters),
      recipe: recipe.name,
      fullRank: plan.fullRank,
      notes: note === null ? [] : [note]
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function tableOf(
  { post, recipes, prompts }: SweepDocument,
  adapters: readonly RankedAdapter[]
): Omit<RankTable, 'recipe' | 'fullRank' | 'notes'> {
  const [complete, ...ranked] = recipes
  if (complete === undefined) throw new Error('a sweep without its recipe')
  return {
    promptCount: prompts.length,
    post: onlyMeans(post),
    complete: onlyMeans(complete),
    ranks: adapters.map(({ rank, bytes, normShare }, i) => ({
      rank,
      bytes,
      normShare,
      ...onlyMeans(elementAt(ranked, i, 'rank'))
    }))
  }
}

/** Start of the name of a temporary folder, before the id of its process. */
const TEMPORARY = 'slr-ranks-'

/** Removes temporary folders whose process has ended, such as after a kill. */
async function removeLeftFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${TEMPORARY}(\\d+)-`).exec(name)?.[1]
    if (pid === undefined || isProcessRunning(Number(pid))) continue
    // A folder of another user cannot be removed.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Creates a folder for adapters: in the project if there is one, as `slr open --only` may forbid other folders. */
async function adaptersFolder(project: string | null): Promise<string> {
  if (project === null) {
    await removeLeftFolders()
    return mkdtemp(join(tmpdir(), `${TEMPORARY}${process.pid}-`))
  }
  const folder = join(project, 'ranks.partial')
  // The folder exists if an earlier program was killed.
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  return folder
}

interface AdaptersToWrite {
  readonly plan: LowRankPlan
  readonly ranks: readonly number[]
  readonly savesNormsAndBiases: boolean
  readonly folder: string
}

/** Writes an adapter of each rank into a separate folder, and opens the adapters as checkpoints. */
async function writeAdapters(
  { pair, strengths }: OpenedRecipe,
  { plan, ranks, savesNormsAndBiases, folder }: AdaptersToWrite,
  { signal, notify }: WorkRuntime
): Promise<RankedAdapter[]> {
  const post = pair.post.checkpoint.path
  const folders = ranks.map((rank) => ({ rank, path: join(folder, `rank-${rank}`) }))
  for (const { rank, path } of folders) {
    await mkdir(path)
    await writeFile(
      join(path, ADAPTER_CONFIG),
      JSON.stringify(lowRankConfig(plan, { rank, savesNormsAndBiases }, post))
    )
  }
  const { files } = await computeLowRank(
    {
      base: pair.base.checkpoint.path,
      post,
      strengths: [...strengths],
      savesNormsAndBiases,
      files: folders.map(({ rank, path }) => ({ rank, path: join(path, ADAPTER_WEIGHTS) }))
    },
    signal,
    (progress) => notify({ type: 'progress', kind: 'decomposition', progress })
  )
  const adapters: RankedAdapter[] = []
  for (const [i, file] of files.entries()) {
    const { path, rank } = elementAt(folders, i, 'folder')
    const { fingerprint } = (await openOther(pair.post, path)).checkpoint
    adapters.push({ ...file, source: { name: `rank ${rank}`, path, fingerprint } })
  }
  return adapters
}
