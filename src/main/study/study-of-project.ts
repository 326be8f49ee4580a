import { isDeepStrictEqual } from 'node:util'
import { answeringFirst, answeringSweep } from '../../contract/documents/answering-sweep'
import { checkOf } from '../../contract/documents/answer-check'
import { DEFAULT_RENDERING, type Rendering } from '../../contract/documents/crc'
import type { EvaluationRun } from '../../contract/documents/evaluation'
import { at } from '../../contract/model/look-up'
import { rangesToCheck } from '../crc/check/check-sweep'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/project-pair'
import { allTasks } from '../project/stored-evaluation'
import { yamlText } from './templates'
import { type Lines, variantLines } from './variant-lines'

/* The study that a project holds: what somebody did by hand in it, as a file. */

/**
 * A study that does what was done in a project: its pairs, the kind of the sweep that it answers with, how many of its best ranges were checked, and
 * what was evaluated of each pair.
 *
 * @throws WorkbenchError for a sweep or an evaluation that cannot be read
 */
export async function studyOfProject(name: string, project: Project): Promise<string> {
  const evaluated = await Promise.all(project.pairs.map(evaluatedPair))
  const runs = [
    ...new Map(evaluated.flatMap((pair) => pair.runs.map((run) => [askingOf(run), run] as const))).values()
  ]
  const swept = project.pairs.find(({ sweeps }) => sweeps.length > 0)
  const [first, ...others] = evaluated.map(({ variants }) => variants)
  // Where pairs were evaluated otherwise, as by the ranges that their sweeps selected, each has its own.
  const alike = first !== undefined && others.every((other) => isDeepStrictEqual(other, first))
  const lines: Lines = [
    `# What was done in ${project.name}. docs/study.md lists all fields.`,
    `name: ${yamlText(name)}`,
    `project: ${yamlText(project.path)}`,
    '',
    'pairs:',
    ...evaluated.flatMap(({ own, variants }) => [
      ...pairLines(own),
      ...(alike ? [] : indented(4, listed(variants)))
    ]),
    '',
    ...(swept === undefined ? ['# Nothing was swept.'] : await sweepLines(swept)),
    ...(runs.length === 0 ? ['', '# Nothing was evaluated to its end.'] : []),
    ...evaluated.flatMap(({ own, stopped }) =>
      stopped.map((task) => `# Left out: an evaluation of ${own.document.name} on ${task} that was stopped.`)
    ),
    ...(alike && first.length > 0 ? ['', ...listed(first)] : []),
    ...(runs.length === 0 ? [] : ['', 'tasks:', ...(await taskLines(project, runs))])
  ]
  return `${lines.join('\n')}\n`
}

const indented = (by: number, lines: Lines): Lines => lines.map((line) => `${' '.repeat(by)}${line}`)

const listed = (variants: Lines): Lines =>
  variants.length === 0 ? [] : ['variants:', ...indented(2, variants)]

/**
 * What was evaluated of a pair to its end: of each task the newest evaluation, and those of the same variants with other numbers of
 * answers, prompts or seeds; all their variants, each once; and the tasks of evaluations that were stopped.
 */
async function evaluatedPair(
  own: ProjectPair
): Promise<{ own: ProjectPair; runs: EvaluationRun[]; variants: Lines; stopped: string[] }> {
  const runs: EvaluationRun[] = []
  const stopped = new Set<string>()
  for (const { id, taskId, answerCount, answerTotal } of own.evaluations.runs) {
    if (answerCount < answerTotal) {
      stopped.add(taskId)
      continue
    }
    const { run } = await own.evaluations.read(id)
    const before = runs.filter(({ task }) => task.id === taskId)
    const [newest] = before
    const isNew = before.every((other) => askingOf(other) !== askingOf(run))
    if (isNew && (newest === undefined || isDeepStrictEqual(entriesOf(newest), entriesOf(run))))
      runs.push(run)
  }
  const variants = [...new Set(runs.flatMap(entriesOf))].flatMap((entry) => entry.split('\n'))
  return { own, runs, variants, stopped: [...stopped] }
}

/** How a study asks a task, as one string. */
const askingOf = ({ task: { id, prompts, settings }, ...run }: EvaluationRun): string =>
  JSON.stringify([id, prompts.length, settings.sampleCount, settings.seed, evaluatingLines(run)])

/** Where and how answers were made and read, where that is not as a study has it that does not say. */
function evaluatingLines({
  computing: { device, precision, weights },
  embeddingModel,
  classifier
}: Pick<EvaluationRun, 'computing' | 'embeddingModel' | 'classifier'>): Lines {
  return [
    ...(device === 'cpu' ? [] : [`device: ${device}`]),
    ...(precision === undefined ? [] : [`precision: ${precision}`]),
    ...(weights === undefined ? [] : [`weights: ${weights}`]),
    ...(embeddingModel === null ? [] : [`embedding-model: ${yamlText(embeddingModel.path)}`]),
    ...(classifier === null ? [] : [`classifier: ${yamlText(classifier.path)}`])
  ]
}

const entriesOf = ({ variants, task }: EvaluationRun): Lines =>
  variants.map((variant) => variantLines(variant, task.settings.sampling).join('\n'))

function pairLines({ document: { name, location, rendering }, sweeps }: ProjectPair): Lines {
  const source = answeringSweep(sweeps)?.source ?? null
  const models =
    location.kind === 'demo'
      ? ['demo: true']
      : [`base: ${yamlText(location.base)}`, `post: ${yamlText(location.post)}`]
  const [first = '', ...more] = [
    `name: ${yamlText(name)}`,
    ...models,
    ...renderingLines(rendering),
    ...(source === null ? [] : [`source: ${yamlText(source.path)}`])
  ]
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
  const sweep = await own.readSweep(at(answeringFirst(own.sweeps), 0, 'sweep').id)
  const check = await own.readAnswerCheck(sweep.id)
  const best =
    check === null || sweep.scoredBy.kind === 'task'
      ? []
      : rangesToCheck(sweep, null, rho, check.models.length)
  const unchecked = best.findIndex((recipe) => checkOf(check, { kind: 'recipe', recipe }) === null)
  const checked = unchecked === -1 ? best.length : unchecked
  const { scoredBy, preview } = sweep
  // A preview has those apart that it only estimates.
  const soupSize = sweep.soup.length + (preview === null ? 0 : preview.soup.length)
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
    ...[...task, `soup: ${soupSize}`, `rho: ${rho}`].map((line) => `  ${line}`),
    ...(checked === 0 ? [] : ['', `check: ${checked}`])
  ]
}

async function taskLines(project: Project, runs: readonly EvaluationRun[]): Promise<Lines> {
  const known = await allTasks(project.firstPair)
  return runs.flatMap(({ task, ...run }) => {
    const { id, prompts, settings } = task
    const found = known.find((entry) => entry.task.id === id)?.task
    if (found === undefined) return [`  # ${id} is no task of the project any more`]
    const { sampleCount, seed } = settings
    const asAsked = {
      ...found,
      prompts: found.prompts.slice(0, prompts.length),
      settings: { ...found.settings, sampleCount, seed }
    }
    const changed = isDeepStrictEqual(asAsked, task) ? [] : [`  # ${id} was asked otherwise than it is now`]
    const part = prompts.length < found.prompts.length ? [`    prompts: ${prompts.length}`] : []
    const asked = [`n: ${sampleCount}`, `seed: ${seed}`, ...evaluatingLines(run)]
    return [...changed, `  - task: ${id}`, ...part, ...indented(4, asked)]
  })
}
