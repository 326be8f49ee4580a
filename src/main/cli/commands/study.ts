import { detailsOption, refuseUnused, usageError, outOption } from '../options/options'
import { warnOfEndpoints } from '../running/models'
import { parseAddress } from '../options/server-file'
import { elementAt } from '../../../contract/model/look-up'
import { plural } from '../../../contract/words/format'
import { basename, extname } from 'node:path'
import { Argument, type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { contactText, EndpointContact } from '../../../contract/model/endpoint'
import { externalKey } from '../../../contract/model/external-model'
import { inputError, mismatchError } from '../../../contract/model/problem'
import { withHint, readTextFile } from '../../base/files/bounded-file'
import { kindOfFile } from '../../base/files/document-kinds'
import { absolutePath } from '../../base/files/paths'
import { MAX_YAML_BYTES } from '../../sandbox/yaml'
import { allowForThisRun, requireConfirmed, unconfirmedOf } from '../../endpoint/confirmed-addresses'
import { openProject } from '../../project/open-project'
import { isProject } from '../../project/documents/project-file'
import { planStudy, type StepPlan } from '../../study/plan-study'
import { runStudy } from '../../study/run-study'
import { requireAllDone } from '../../work/work-list'
import { chosenSteps, endpointsOf, onlyFromText, type OnlySteps, type StudyStep } from '../../study/steps'
import { readStudy } from '../../study/study-file'
import { requireOutputs, requireProjectPath } from '../../study/study-outputs'
import { openStudyProject, type ResolvedStudy, resolveStudy } from '../../study/study-project'
import { studyVerdicts } from '../../study/study-verdicts'
import { paperTemplate, quickTemplate, type TemplateName, TEMPLATES } from '../../study/templates'
import { withEngine } from '../running/engine'
import { optionGroup } from '../options/option-group'
import { choice, flag, several, text, value } from '../options/option-kinds'
import { printJson, printShown, remark } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { checkOutputFile, checkWritable, writeOutputText } from '../results/output-file'
import { progressStep } from '../../../contract/work/progress'
import { progressDisplay } from '../running/progress'
import { nothingSaved, untilStopped } from '../running/stopped'
import { describePlans, describeResults, endedLine } from '../printing/study-report'

const studyOptions = optionGroup()
  .options({
    template: choice(z.enum(TEMPLATES), '<name>', 'write a commented example instead of running a study'),
    project: text('<folder>', 'project for the results (default: as in the file, else NAME.slr beside it)'),
    dryRun: flag('only print the plan: finished steps, work, and what would leave this machine'),
    allowAddress: several(
      EndpointContact,
      '<address>',
      'allow [KEY_VARIABLE@]ADDRESS, such as OPENAI_API_KEY@https://api.example.org; repeatable',
      parseAddress
    ),
    only: value(
      z.object({ pair: z.string().optional(), step: z.string().optional() }),
      '<part>',
      'run a part: pair=NAME, step=sweep, step=evaluate/TASK, or both with a comma',
      parseOnly
    )
  })
  .and(outOption('file of the report (default: as in the file, else NAME.html beside it)'))
  .and(detailsOption)
type StudyOptions = CommandOptions<typeof studyOptions>

/** `slr study`: runs the sweeps, checks and evaluations that one file describes. */
export const studyCommand = subcommand(studyOptions, {
  operands: [new Argument('<file>', 'the study, a YAML file')],
  async run(options, command, signal) {
    await study(absolutePath(elementAt(command.args, 0, 'file')), options, command, signal)
  }
})

/** Maximum size of a document of this program. */
const MAX_OTHER_BYTES = 1_000_000_000
const STUDY_HINT = 'A study is a YAML file: "slr study FILE.yaml --template quick" writes one to start from.'

async function studyText(path: string): Promise<string> {
  // JSON is also YAML, so other documents of this program would be read as studies. They are refused by their kind.
  const otherKind = extname(path) === '.json' ? await kindOfFile(path, MAX_OTHER_BYTES) : null
  if (otherKind !== null) throw inputError(`${path} is ${otherKind.is}, not a study.`, STUDY_HINT)
  return withHint(STUDY_HINT, () => readTextFile(path, MAX_YAML_BYTES))
}

async function study(path: string, options: StudyOptions, command: Command, signal: AbortSignal): Promise<void> {
  const { template, project, out, only = {}, allowAddress = [] } = options
  if (template !== undefined) return writeTemplate(path, template, options, command)
  const read = await readStudy(await studyText(path), path)
  const output = out === undefined ? null : await checkOutputFile(out, 'page', {}, options.force)
  const resolved = resolveStudy(read, path, {
    report: output?.path,
    project: project === undefined ? undefined : absolutePath(project)
  })
  allowForThisRun(allowAddress)
  const steps = chosenSteps(resolved.steps, only)
  await (options.dryRun ? planSteps : runSteps)(resolved, steps, options, signal)
}

async function writeTemplate(
  path: string,
  template: TemplateName,
  { json, quiet }: StudyOptions,
  command: Command
): Promise<void> {
  refuseUnused(command, ['dryRun', 'only', 'out', 'project'], 'has no effect with --template: leave it out')
  const output = await checkWritable(path)
  if (output.exists) throw usageError(command, `${path} exists already: name another file`)
  const name = basename(path, extname(path))
  await writeOutputText(output, template === 'quick' ? quickTemplate(name) : paperTemplate(name))
  if (json) await printJson('study-file', { file: output.path })
  if (!quiet) remark(`Wrote ${output.path}`)
}

async function planSteps(
  resolved: ResolvedStudy,
  steps: readonly StudyStep[],
  { json, quiet }: StudyOptions,
  signal: AbortSignal
): Promise<void> {
  const { study, projectPath } = resolved
  await requireProjectPath(resolved)
  // The project is opened for viewing, because another program may be writing it.
  const project = (await isProject(projectPath)) ? await openProject(projectPath, 'view') : null
  const display = progressDisplay(quiet)
  try {
    const plans = await untilStopped({ signal, quiet }, nothingSaved, () =>
      withEngine((engine) =>
        planStudy(engine, project, resolved, steps, signal, ({ key }, done) =>
          display.update({ phase: 'planning', done, total: steps.length, status: key })
        )
      )
    )
    display.stop()
    const plan = { study: study.name, project: projectPath, steps: plans }
    await (json ? printJson('study-plan', plan) : printShown(describePlans(plans, projectPath)))
    if (!quiet) await remarkUnconfirmed(resolved, steps)
    refuseFailing(plans)
  } finally {
    display.stop()
    await project?.close()
  }
}

/** Prints the options that a run needs before it may send texts to endpoints. */
async function remarkUnconfirmed(resolved: ResolvedStudy, steps: readonly StudyStep[]): Promise<void> {
  const missing = await unconfirmedOf(contactsOfSteps(resolved, steps))
  if (missing.length === 0) return
  const options = missing.map((contact) => `--allow-address ${contactText(contact)}`)
  remark(`Nothing is sent before you confirm it. To run the study, add ${options.join(' ')}`)
}

async function runSteps(
  resolved: ResolvedStudy,
  steps: readonly StudyStep[],
  options: StudyOptions,
  signal: AbortSignal
): Promise<void> {
  const { quiet } = options
  const endpoints = endpointsOfSteps(resolved, steps)
  await requireConfirmed(contactsOfSteps(resolved, steps))
  await requireOutputs(resolved, steps)
  const project = await openStudyProject(resolved)
  const display = progressDisplay(quiet)
  const savedText = `Finished and started steps are saved in ${project.path}.`
  warnOfEndpoints(endpoints)
  try {
    if (!quiet) for (const warning of project.warnings) remark(warning)
    const results = await untilStopped(
      { signal, quiet },
      () => ({ saved: savedText, resumable: true }),
      () =>
        withEngine((engine) =>
          runStudy(engine, project, resolved, steps, signal, {
            begins: ({ key }, position, of) => quiet || remark(`${position} of ${of}: ${key}`),
            notify(event) {
              if (event.type === 'progress') display.update(progressStep(event))
              if (event.type === 'notice' && !quiet) remark(event.message)
            },
            ended: (_step, result) => {
              display.stop()
              const failed = result.problem !== null
              if (failed || !quiet) remark(endedLine(result))
            }
          })
        )
    )
    const verdicts = await studyVerdicts(project, steps, results)
    const outcome = { study: resolved.study.name, project: project.path, steps: results, verdicts }
    await (options.json
      ? printJson('study-result', outcome)
      : printShown(describeResults(results, verdicts, project.path, options.details)))
    requireAllDone(results, 'step')
  } finally {
    display.stop()
    await project.close()
  }
}

type EndpointVariant = ReturnType<typeof endpointsOf>[number]

/** Lists the endpoints that answer in the evaluations among some steps, each once. */
function endpointsOfSteps({ study, pairs }: ResolvedStudy, steps: readonly StudyStep[]): EndpointVariant[] {
  const endpoints = new Map<string, EndpointVariant>()
  for (const { entry, name } of pairs) {
    if (!steps.some(({ pair, kind }) => pair === name && kind === 'evaluate')) continue
    for (const variant of endpointsOf(study, entry)) {
      endpoints.set(`${variant.endpoint.keyVariable ?? ''} ${externalKey(variant)}`, variant)
    }
  }
  return [...endpoints.values()]
}

/** Lists the addresses that steps send texts to: endpoints that answer, and judges. */
const contactsOfSteps = (resolved: ResolvedStudy, steps: readonly StudyStep[]): EndpointContact[] => [
  ...endpointsOfSteps(resolved, steps).map(({ endpoint }) => endpoint),
  ...steps.flatMap(({ kind, task }) => {
    const judge = kind === 'evaluate' ? (task?.judge ?? resolved.study.evaluate.judge) : undefined
    return judge === undefined ? [] : [{ baseUrl: judge.url, keyVariable: judge.key }]
  })
]

function refuseFailing(plans: readonly StepPlan[]): void {
  const failing = plans.filter(({ problem }) => problem !== null)
  if (failing.length === 0) return
  throw mismatchError(
    `${failing.length} of ${plural(plans.length, 'step')} would fail: ${failing.map(({ key }) => key).join(', ')}.`,
    'The plan above gives the reasons.'
  )
}

function parseOnly(text: string): OnlySteps {
  const only = onlyFromText(text)
  if (only !== null) return only
  throw new InvalidArgumentError('Expected pair=NAME, step=STEP or both with a comma, such as pair=Demo,step=sweep.')
}
