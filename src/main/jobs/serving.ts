import { setTimeout as delay } from 'node:timers/promises'
import type { ServedRecipe, ServingEvent } from '../../contract/procedures/served-models'
import { freeName } from '../../contract/model/free-name'
import type { Recipe } from '../../contract/model/recipe'
import { type ApiServer, startApi } from '../api/api-server'
import { requestedVariant } from '../api/requested-variant'
import { ServedVariants } from '../api/served-variants'
import { unlessCancelled } from '../base/files/cancelling'
import { HOST } from '../base/http-requests'
import { postTextFolder } from '../checkpoint/model-folder'
import type { EngineClient } from '../engine/host'
import { pairPaths } from '../project/demo'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { defaultSampleSettings } from '../samples/default-settings'
import { deviceAndMemory } from '../work/device-and-memory'
import type { JobContext } from './job-context'
import type { JobTable } from './job-table'
import { createProgressJob } from './progress-job'

const NAME = 'The server'

/** Jobs that serve a pair's models over HTTP. Each has its own engine process, so that answers do not wait for jobs. */
export class Servings {
  readonly table: JobTable<ServingEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('serving')
  }

  /** Starts serving base, post and a recipe. @throws WorkbenchError `busy` while the pair is served */
  async start(pair: ProjectPair, request: ServedRecipe): Promise<void> {
    const job = createProgressJob<ServingEvent>({
      name: 'the server',
      first: { type: 'progress', progress: { url: null, models: [], tokensPerSecond: 0 } },
      run: (report, signal) => this.serve(pair, request, report, signal)
    })
    await this.context.turns.startBeside(pair, this.table, () => Promise.resolve(job))
  }

  stop({ pairs }: ProjectOfPair): void {
    for (const pair of pairs) void this.table.cancel(pair)
  }

  /** Serves until it is stopped. @throws WorkbenchError `cancelled` */
  private async serve(
    pair: ProjectPair,
    { recipe, port }: ServedRecipe,
    report: (event: ServingEvent) => void,
    signal: AbortSignal
  ): Promise<never> {
    const engine = this.context.engine.another()
    try {
      const models = await unlessCancelled(signal, NAME, openModels(engine.client(), pair, recipe))
      const server = await startApi({ models, host: HOST, port, key: null, origins: [] })
      try {
        return await reportRate(server, models, report, signal)
      } finally {
        await server.close()
      }
    } finally {
      await engine.close()
    }
  }
}

/** Loads base, post and a recipe. Requests can name further ones, also kept recipes. */
async function openModels(engine: EngineClient, pair: ProjectPair, recipe: Recipe): Promise<ServedVariants> {
  const { location, rendering, settings } = pair.document
  const folders = pairPaths(location)
  const defaults = await defaultSampleSettings(await postTextFolder(folders))
  const { memoryBytes } = await deviceAndMemory({}, settings)
  const variant = engineRecipe({ ...recipe, name: freeName(recipe.name, ['base', 'post']) })
  return ServedVariants.open(engine, {
    ...folders,
    rendering,
    defaults: { ...defaults, memoryBytes: memoryBytes ?? defaults.memoryBytes },
    variants: [
      { name: 'base', variant: { kind: 'base', name: 'base' } },
      { name: 'post', variant: { kind: 'post', name: 'post' } },
      { name: variant.name, variant }
    ],
    findVariant: async (name) => {
      const keptRecipe = pair.document.recipes.find((each) => each.recipe.name === name)
      return keptRecipe === undefined ? requestedVariant(name, folders) : engineRecipe(keptRecipe.recipe)
    }
  })
}

const engineRecipe = (recipe: Recipe) => ({ kind: 'recipe' as const, name: recipe.name, recipe })

/** Reports the tokens of the last second, every second. */
async function reportRate(
  server: ApiServer,
  models: ServedVariants,
  report: (event: ServingEvent) => void,
  signal: AbortSignal
): Promise<never> {
  for (let before = server.generatedTokens; ;) {
    const tokensPerSecond = server.generatedTokens - before
    before = server.generatedTokens
    report({ type: 'progress', progress: { url: server.url, models: models.names, tokensPerSecond } })
    await unlessCancelled(signal, NAME, delay(1_000))
  }
}
