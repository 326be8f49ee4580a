import { basename, extname } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { WorkbenchError } from '../../contract/model/problem'
import { formatDuration } from '../../contract/words/format'
import { readTextFile } from '../base/files/bounded-file'
import { absolutePath } from '../base/files/places'
import { MAX_YAML_BYTES } from '../confined/yaml'
import { runStudy, type StepProgress, type StepResult } from '../study/run-study'
import { chosenSteps, onlyFromText, type OnlySteps, type StudyStep } from '../study/steps'
import { readStudy } from '../study/study-file'
import { openStudyProject, type PlacedStudy, placedStudy } from '../study/study-project'
import { paperTemplate, quickTemplate, type TemplateName, TEMPLATES } from '../study/templates'
import { withEngine } from './engine'
import { CommonOptions, readOptions, usageError, withCommonOptions } from './options'
import { count, printJson, printText, remark, table } from './output'
import { checkOutputFile, writeOutputText } from './output-file'
import { checkStep, evaluationStep, progressDisplay, type ProgressStep, sweepStep } from './progress'
import { untilStopped } from './stopped'

const StudyOptions = z.strictObject({
  ...CommonOptions.shape,
  template: z.enum(TEMPLATES).optional(),
  project: z.string().optional(),
  dryRun: z.boolean().default(false),
  only: z.object({ pair: z.string().optional(), step: z.string().optional() }).optional(),
  out: z.string().optional()
})
type StudyOptions = z.infer<typeof StudyOptions>

/** `slr study`: a whole study from one file. */
export function addStudyCommand(program: Command, signal: AbortSignal): void {
  const command = program
    .command('study')
    .description('run a whole study from one file: sweeps, checks, evaluations, into a project and a report')
    .argument('<file>', 'the study, a YAML file')
    .addOption(
      new Option('--template <name>', 'write a commented file to begin with instead of running one').choices(
        TEMPLATES
      )
    )
    .option('--project <folder>', 'the project that --template mine writes down what was done in')
    .option(
      '--dry-run',
      'print the plan alone: what is there, what it would take, what would leave this machine'
    )
    .option(
      '--only <part>',
      'a part of it: pair=NAME, step=sweep, step=evaluate/TASK, or both with a comma',
      parseOnly
    )
    .option('--out <file>', 'where the report goes (default: as the file says, else NAME.html beside it)')
  withCommonOptions(command).action(async (file: string) => {
    await study(absolutePath(file), readOptions(StudyOptions, command), command, signal)
  })
}

async function study(
  path: string,
  options: StudyOptions,
  command: Command,
  signal: AbortSignal
): Promise<void> {
  if (options.template !== undefined) {
    await writeTemplate(path, options.template, options, command)
    return
  }
  const read = await readStudy(await readTextFile(path, MAX_YAML_BYTES), path)
  const report = options.out === undefined ? {} : { report: absolutePath(options.out) }
  const placed = placedStudy({ ...read, ...report }, path)
  const steps = chosenSteps(placed.steps, options.only ?? {})
  await runSteps(placed, steps, options, signal)
}

async function writeTemplate(
  path: string,
  template: TemplateName,
  { quiet }: StudyOptions,
  command: Command
): Promise<void> {
  const name = basename(path, extname(path))
  const output = await checkOutputFile(path)
  if (output.exists) throw usageError(command, `${path} is there already: name another file`)
  const text = template === 'quick' ? quickTemplate(name) : paperTemplate(name)
  await writeOutputText(output, text)
  if (!quiet) remark(`Wrote ${output.path}`)
}

async function runSteps(
  placed: PlacedStudy,
  steps: readonly StudyStep[],
  options: StudyOptions,
  signal: AbortSignal
): Promise<void> {
  const { quiet } = options
  const project = await openStudyProject(placed)
  const display = progressDisplay(quiet)
  const kept = `What was finished, and what is begun of the rest, is kept in ${project.path}.`
  try {
    if (!quiet) for (const warning of project.warnings) remark(warning)
    const results = await untilStopped(
      { signal, quiet },
      () => ({ kept, goesOn: true }),
      () =>
        withEngine((engine) =>
          runStudy(engine, project, placed, steps, signal, {
            begins: ({ key }, place, of) => quiet || remark(`${place} of ${of}: ${key}`),
            progress: (progress) => display.update(shownProgress(progress)),
            notice: (text) => quiet || remark(text),
            ended: (step, result) => {
              display.stop()
              const failed = result.problem !== null
              if (failed || !quiet) remark(endedLine(step, result))
            }
          })
        )
    )
    const outcome = { study: placed.study.name, project: project.path, steps: results }
    await (options.json ? printJson(outcome) : printText(describeResults(results, project.path)))
    refuseFailed(results)
  } finally {
    display.stop()
    await project.close()
  }
}

function shownProgress(step: StepProgress): ProgressStep {
  switch (step.kind) {
    case 'sweep':
      return sweepStep(step.progress)
    case 'check':
      return checkStep(step.progress)
    case 'evaluate':
      return evaluationStep(step.progress)
  }
}

function endedLine({ key }: StudyStep, { outcome, seconds, problem, work, result }: StepResult): string {
  if (problem !== null)
    return `${key} ${outcome === 'failed' ? 'failed' : 'was left out'}. ${problem.message} ${problem.hint ?? ''}`.trim()
  if (key.endsWith('/report')) return `Wrote ${result ?? ''}`
  return outcome === 'found' ? `${key}: is there` : `${key}: ${workWords(work)} in ${formatDuration(seconds)}`
}

/** What was computed, in words. */
function workWords({
  blockEvaluations,
  checked,
  answers,
  answerTokens,
  promptsRead
}: StepResult['work']): string {
  const parts = [
    [blockEvaluations, 'block evaluations'],
    [checked, 'ranges checked'],
    [answers, 'answers'],
    [answerTokens, 'tokens'],
    [promptsRead, 'prompts read']
  ] as const
  return parts.flatMap(([value, what]) => (value === 0 ? [] : [`${count(value)} ${what}`])).join(', ')
}

function describeResults(results: readonly StepResult[], project: string): string {
  const rows = results.map(({ key, outcome, work, seconds }) => [
    key,
    outcome,
    workWords(work),
    formatDuration(seconds)
  ])
  return `${table([['step', 'how', 'computed now', 'time'], ...rows], 'lllr')}\nThe project is ${project}`
}

/** @throws WorkbenchError naming the steps that failed */
function refuseFailed(results: readonly StepResult[]): void {
  const failed = results.filter(({ problem }) => problem !== null)
  if (failed.length === 0) return
  throw new WorkbenchError(
    'mismatch',
    `${failed.length} of ${results.length} steps were not done: ${failed.map(({ key }) => key).join(', ')}.`,
    'The reasons stand above; the other steps are kept. The same command goes on with those that are missing.'
  )
}

function parseOnly(text: string): OnlySteps {
  const only = onlyFromText(text)
  if (only !== null) return only
  throw new InvalidArgumentError(
    'Expected pair=NAME, step=STEP or both with a comma, such as pair=Demo,step=sweep.'
  )
}
