import { isDeepStrictEqual } from 'node:util'
import { answeringOfKinds, answeringSweep } from '../../contract/documents/answering-sweep'
import { checkOf } from '../../contract/documents/answer-check'
import { DEFAULT_RENDERING, type Rendering } from '../../contract/documents/crc'
import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { SweepSummary } from '../../contract/documents/project'
import { scoringKey } from '../../contract/documents/scored-by'
import { at } from '../../contract/model/look-up'
import { scoredByWords } from '../../contract/words/score-words'
import { fromWords } from '../../contract/words/source-words'
import { rangesToCheck } from '../crc/check/check-sweep'
import type { Project } from '../project/project'
import type { ProjectPair } from '../project/pair/project-pair'
import { allTasks } from '../project/results/stored-evaluation'
import { nameLine, yamlText } from './templates'
import { type Lines, variantLines } from './variant-lines'

/* The study that a project holds: what somebody did by hand in it, as a file. */

/** A study's file, and what it leaves out of what was done, a phrase for each. */
export interface WrittenStudy {
  text: string
  leftOut: string[]
}

/**
 * A study that does what was done in a project: its pairs, one kind of sweep, how many of its best ranges were checked, and what was
 * evaluated of each pair. It says what of the project no study has, or not beside the rest.
 *
 * @throws WorkbenchError for a sweep or an evaluation that cannot be read
 */
export async function studyOfProject(name: string, project: Project): Promise<WrittenStudy> {
  const evaluated = await Promise.all(project.pairs.map(evaluatedPair))
  const runs = [
    ...new Map(evaluated.flatMap((pair) => pair.runs.map((run) => [askingOf(run), run] as const))).values()
  ]
  const sweeps = await studiedSweeps(project.pairs)
  const swept = await Promise.all(sweeps.map(({ own, sweep }) => sweptPair(own, sweep)))
  const [first, ...others] = evaluated.map(({ variants }) => variants)
  // Where pairs were evaluated otherwise, as by the ranges that their sweeps selected, each has its own.
  const alike = first !== undefined && others.every((other) => isDeepStrictEqual(other, first))
  const sweepLines = swept.find(({ lines }) => lines.length > 0)?.lines
  const leftOut = project.pairs.flatMap(({ document }, index) =>
    [...at(swept, index, 'pair').leftOut, ...at(evaluated, index, 'pair').leftOut].map(
      (words) => `${document.name}: ${words}`
    )
  )
  const lines: Lines = [
    comment(`What was done in ${project.name}. docs/study.md lists all fields.`),
    nameLine(name),
    `project: ${yamlText(project.path)}`,
    '',
    'pairs:',
    ...evaluated.flatMap(({ own, variants }, index) => [
      ...pairLines(own, at(sweeps, index, 'pair').sweep),
      ...(alike ? [] : indented(4, listed(variants)))
    ]),
    '',
    ...(sweepLines ?? ['# Nothing was swept.']),
    ...(runs.length === 0 ? ['', '# Nothing was evaluated to its end.'] : []),
    ...(alike && first.length > 0 ? ['', ...listed(first)] : []),
    ...(runs.length === 0 ? [] : ['', 'tasks:', ...(await taskLines(project, runs))]),
    ...(leftOut.length === 0 ? [] : ['', comment(LEFT_OUT), ...leftOut.map((words) => comment(`- ${words}`))])
  ]
  return { text: `${lines.join('\n')}\n`, leftOut }
}

const LEFT_OUT = 'Left out: a study has one sweep for all pairs, with its check, and evaluations.'

/** Whoever named something may have used more than one line. */
const comment = (text: string): string => `# ${text.replace(/\s+/g, ' ')}`

const indented = (by: number, lines: Lines): Lines => lines.map((line) => `${' '.repeat(by)}${line}`)

const listed = (variants: Lines): Lines =>
  variants.length === 0 ? [] : ['variants:', ...indented(2, variants)]

/**
 * What was evaluated of a pair to its end: of each task the newest evaluation, and those of the same variants with other numbers of
 * answers, prompts or seeds; all their variants, each once; and what is left out.
 */
async function evaluatedPair(
  own: ProjectPair
): Promise<{ own: ProjectPair; runs: EvaluationRun[]; variants: Lines; leftOut: string[] }> {
  const runs: EvaluationRun[] = []
  const leftOut = new Set<string>()
  for (const { id, taskId, answerCount, answerTotal } of own.evaluations.runs) {
    if (answerCount < answerTotal) {
      leftOut.add(`an evaluation of ${taskId} that was stopped`)
      continue
    }
    const { run } = await own.evaluations.read(id)
    const before = runs.filter(({ task }) => task.id === taskId)
    const [newest] = before
    if (newest !== undefined && !isDeepStrictEqual(entriesOf(newest), entriesOf(run)))
      leftOut.add(`an older evaluation of ${taskId}, of other variants`)
    else if (before.every((other) => askingOf(other) !== askingOf(run))) runs.push(run)
  }
  const variants = [...new Set(runs.flatMap(entriesOf))].flatMap((entry) => entry.split('\n'))
  return { own, runs, variants, leftOut: [...leftOut] }
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

function pairLines(
  { document: { name, location, rendering } }: ProjectPair,
  sweep: SweepSummary | undefined
): Lines {
  const source = sweep?.source ?? null
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

/**
 * The sweep of each pair that the study does again: all of one scoring, that of the first pair that was swept. Of a pair's sweeps the
 * one that was checked goes before the one that it answers with, for a study checks only what it sweeps.
 */
async function studiedSweeps(
  pairs: readonly ProjectPair[]
): Promise<{ own: ProjectPair; sweep: SweepSummary | undefined }[]> {
  let scoring: string | undefined
  const found: { own: ProjectPair; sweep: SweepSummary | undefined }[] = []
  for (const own of pairs) {
    const fitting = own.sweeps.filter(
      ({ scoredBy }) => scoring === undefined || scoringKey(scoredBy) === scoring
    )
    const sweep = (await checkedOf(own, fitting)) ?? answeringSweep(fitting)
    if (sweep !== undefined) scoring ??= scoringKey(sweep.scoredBy)
    found.push({ own, sweep })
  }
  return found
}

/** The newest that a pair would answer with, of some kind, and that was checked on whole answers. */
async function checkedOf(
  own: ProjectPair,
  sweeps: readonly SweepSummary[]
): Promise<SweepSummary | undefined> {
  for (const sweep of answeringOfKinds(sweeps)) {
    if ((await own.readAnswerCheck(sweep.id)) !== null) return sweep
  }
  return undefined
}

/** What a study says of a pair's sweep, and what was done with the pair beside it. */
async function sweptPair(
  own: ProjectPair,
  studied: SweepSummary | undefined
): Promise<{ lines: Lines; leftOut: string[] }> {
  const { lines, leftOut } =
    studied === undefined ? { lines: [], leftOut: [] } : await sweepLines(own, studied)
  const kinds = answeringOfKinds(own.sweeps)
  const others = kinds.filter(({ id }) => id !== studied?.id)
  return {
    lines,
    leftOut: [
      ...leftOut,
      ...others.map(({ scoredBy, source }) => `a sweep by ${scoredByWords(scoredBy)}${fromWords(source)}`),
      ...counted(own.sweeps.length - kinds.length, 'older sweep', 'older sweeps'),
      ...counted(own.searches.length, 'search', 'searches'),
      ...counted(own.samples.runs.length, 'sample run', 'sample runs')
    ]
  }
}

const counted = (count: number, one: string, several: string): string[] =>
  count === 0 ? [] : [`${count} ${count === 1 ? one : several}`]

async function sweepLines(
  own: ProjectPair,
  { id }: SweepSummary
): Promise<{ lines: Lines; leftOut: string[] }> {
  const { rho } = own.document.settings
  const sweep = await own.readSweep(id)
  const check = await own.readAnswerCheck(id)
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
  const beside = sweep.recipes.filter(({ alone }) => alone === undefined).length + sweep.checkpoints.length
  return {
    lines: [
      'sweep:',
      ...[...task, `soup: ${soupSize}`, `rho: ${rho}`].map((line) => `  ${line}`),
      ...(checked === 0 ? [] : ['', `check: ${checked}`])
    ],
    leftOut: [
      ...counted(
        beside,
        'model that the sweep scored beside its ranges',
        'models that the sweep scored beside its ranges'
      ),
      ...counted(
        (check?.models.length ?? checked) - checked,
        'recipe that was checked beside the best ranges',
        'recipes that were checked beside the best ranges'
      )
    ]
  }
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
