import { checkOf } from '../../contract/documents/answer-check'
import { DEFAULT_RENDERING, type Rendering } from '../../contract/documents/crc'
import type { EvaluationRun, EvaluationVariant } from '../../contract/documents/evaluation'
import type { Variant } from '../../contract/documents/samples'
import { rivalText } from '../../contract/model/rival'
import type { Recipe } from '../../contract/model/recipe'
import { rangesToCheck } from '../crc/check/check-sweep'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/project-pair'
import { allTasks } from '../project/stored-evaluation'
import { yamlText } from './templates'

/* The study that a project holds: what somebody did by hand in it, as a file. */

/** Lines of YAML; what the file cannot say is a comment. */
type Lines = string[]

/**
 * A study that does what was done in a project: its pairs, the kind of the newest sweep, how many of its best ranges were checked, and
 * of each evaluated task the newest evaluation.
 *
 * @throws WorkbenchError for a sweep or an evaluation that cannot be read
 */
export async function studyOfProject(name: string, project: Project): Promise<string> {
  const runs = await evaluationsOf(project)
  const swept = project.pairs.find(({ sweeps }) => sweeps.length > 0)
  const variants = distinct(runs.flatMap((run) => run.variants.flatMap(variantLines)))
  const lines: Lines = [
    `# What was done in ${project.name}. docs/study.md lists all fields.`,
    `name: ${yamlText(name)}`,
    `project: ${yamlText(project.path)}`,
    '',
    'pairs:',
    ...project.pairs.flatMap(pairLines),
    '',
    ...(swept === undefined ? ['# Nothing was swept.'] : await sweepLines(swept)),
    '',
    ...(variants.length === 0 ? ['# Nothing was evaluated.'] : ['variants:', ...variants]),
    ...(runs.length === 0 ? [] : ['', 'tasks:', ...(await taskLines(project, runs))])
  ]
  return `${lines.join('\n')}\n`
}

const distinct = (lines: readonly string[]): Lines => [...new Set(lines)]

/** The newest evaluation of each task, whichever pair it is of. */
async function evaluationsOf({ pairs }: Project): Promise<EvaluationRun[]> {
  const runs = new Map<string, EvaluationRun>()
  for (const own of pairs) {
    for (const { id, taskId } of own.evaluations.runs) {
      if (!runs.has(taskId)) runs.set(taskId, (await own.evaluations.read(id)).run)
    }
  }
  return [...runs.values()]
}

function pairLines({ document: { name, location, rendering } }: ProjectPair): Lines {
  const models =
    location.kind === 'demo'
      ? ['demo: true']
      : [`base: ${yamlText(location.base)}`, `post: ${yamlText(location.post)}`]
  const [first = '', ...more] = [`name: ${yamlText(name)}`, ...models, ...renderingLines(rendering)]
  return [`  - ${first}`, ...more.map((line) => `    ${line}`)]
}

function renderingLines({ systemPrompt, templateArguments, date, assistantPrefix }: Rendering): Lines {
  return [
    ...(systemPrompt === '' ? [] : [`system: ${JSON.stringify(systemPrompt)}`]),
    ...(Object.keys(templateArguments).length === 0
      ? []
      : [`template-argument: ${JSON.stringify(templateArguments)}`]),
    ...(date === DEFAULT_RENDERING.date ? [] : [`date: ${date}`]),
    ...(assistantPrefix === '' ? [] : [`assistant-prefix: ${JSON.stringify(assistantPrefix)}`])
  ]
}

async function sweepLines(own: ProjectPair): Promise<Lines> {
  const { rho } = own.document.settings
  const sweep = await own.readSweep(own.sweeps[0]?.id ?? '')
  const check = await own.readAnswerCheck(sweep.id)
  const best =
    check === null || sweep.scoredBy.kind === 'task'
      ? []
      : rangesToCheck(sweep, null, rho, check.models.length)
  const unchecked = best.findIndex((recipe) => checkOf(check, { kind: 'recipe', recipe }) === null)
  const checked = unchecked === -1 ? best.length : unchecked
  const { scoredBy } = sweep
  const task =
    scoredBy.kind === 'crc'
      ? ['task: crc']
      : [
          `task: ${scoredBy.task.id}`,
          `temperature: ${scoredBy.sampling.temperature}`,
          `top-k: ${scoredBy.sampling.topK ?? 0}`,
          `top-p: ${scoredBy.sampling.topP}`,
          `min-p: ${scoredBy.sampling.minP}`,
          `draws: ${scoredBy.draws}`,
          `split: ${sweep.halves !== null}`
        ]
  return [
    'sweep:',
    ...[...task, `soup: ${sweep.soup.length}`, `rho: ${rho}`].map((line) => `  ${line}`),
    ...(checked === 0 ? [] : ['', `check: ${checked}`])
  ]
}

/** One entry each, of which more lines than one are indented. */
function variantLines({ variant, sampling, ...asking }: EvaluationVariant): Lines {
  const { name } = variant
  if (sampling !== undefined) return [`  # ${yamlText(name)} had a sampler of its own: see samplers`]
  const [first, ...more] = modelLines(variant)
  if (first === undefined) {
    return [`  # ${yamlText(name)} is a recipe of its own: write it into a file, and name that as recipe`]
  }
  const asked = Object.entries(asking).map(([field, value]) => `${field}: ${JSON.stringify(value)}`)
  const plain = variant.kind === 'base' || variant.kind === 'post'
  if (plain && name === variant.kind && asked.length === 0) return [`  - ${name}`]
  const lines = [`name: ${yamlText(name)}`, ...more, ...asked].map((line) => `    ${line}`)
  return [[`  - ${plain ? 'model: ' : ''}${first}`, ...lines].join('\n')]
}

/** What says which model it is; nothing for recipes that only a file can say. */
function modelLines(variant: Variant): Lines {
  switch (variant.kind) {
    case 'base':
    case 'post':
      return [variant.kind]
    case 'recipe':
      return recipeLines(variant.recipe)
    case 'rival':
      return [`rival: ${yamlText(rivalText(variant.rival))}`]
    case 'checkpoint':
      return [`checkpoint: ${yamlText(variant.path)}`]
    case 'file':
      return [`answers: ${JSON.stringify(`${variant.of ?? variant.name}=${variant.path}`)}`]
    case 'endpoint':
      return endpointLines(variant)
  }
}

function recipeLines(recipe: Recipe): Lines {
  if ('ranges' in recipe) {
    return [
      `restore: ${recipe.ranges.map(([start, end]) => (start === end ? start : `${start}-${end}`)).join()}`
    ]
  }
  const [first] = recipe.layers
  const alike = recipe.layers.every(
    ({ attention, mlp, source }) =>
      attention === first?.attention && mlp === attention && source === undefined
  )
  return alike && first !== undefined ? [`blend: ${first.attention}`] : []
}

function endpointLines({ name, endpoint }: Extract<Variant, { kind: 'endpoint' }>): Lines {
  const { through, model, baseUrl, keyVariable, anyModel, concurrency } = endpoint
  return [
    `${through === 'chat' ? 'endpoint-chat' : 'endpoint'}: ${JSON.stringify(`${name}=${model}@${baseUrl}`)}`,
    ...(keyVariable === undefined ? [] : [`endpoint-key: ${keyVariable}`]),
    ...(anyModel ? ['endpoint-any-model: true'] : []),
    `endpoint-requests: ${concurrency}`
  ]
}

async function taskLines(project: Project, runs: readonly EvaluationRun[]): Promise<Lines> {
  const known = await allTasks(project.firstPair)
  return runs.flatMap(({ task: { id, prompts, settings } }) => {
    const found = known.find(({ task }) => task.id === id)
    if (found === undefined) return [`  # ${id} is no task of the project any more`]
    const part = prompts.length < found.task.prompts.length ? [`    prompts: ${prompts.length}`] : []
    return [`  - task: ${id}`, ...part, `    n: ${settings.sampleCount}`, `    seed: ${settings.seed}`]
  })
}
