import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Argument, type Command } from 'commander'
import type { PairId } from '../../../contract/documents/project'
import { DEMO_PAIRS } from '../../../contract/model/demo-pair'
import { notFoundError } from '../../../contract/model/problem'
import { restrictTo, requireWithin } from '../../base/files/only-folder'
import { isFolder } from '../../base/files/path-kinds'
import { isWithin } from '../../base/files/within'
import { absolutePath, configFolder, projectsFolder } from '../../base/files/paths'
import { resourcePath } from '../../base/resources'
import { documentNamed } from '../../project/pair-named'
import { isProject, readProjectFiles } from '../../project/documents/project-file'
import { openWorkbench } from '../../serve/open'
import { serveWorkbench } from '../../serve/serve'
import type { InitialProject } from '../../workbench/entry'
import { defaulting, flag, number, text } from '../options/option-kinds'
import { demoOptions, namedDemo, refuseUnused, usageError, wholeNumber } from '../options/options'
import { printJson, printText, remark } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { newProjectAdvice } from '../results/project-to-save'

const openOptions = demoOptions.options({
  pair: text('<name>', 'pair to show first (default: the first)'),
  serve: flag('print an address for a browser, also over an SSH tunnel, and run until stopped'),
  port: defaulting(number('<n>', 'port of the page; 0 is the last one, or a free one', wholeNumber(0, 65_535)), 0),
  only: text('<folder>', 'with --serve: use projects and models in this folder only')
})
type OpenOptions = CommandOptions<typeof openOptions>

/** `slr open`: opens the workbench in its window or a browser. */
export const openCommand = subcommand(openOptions, {
  operands: [new Argument('[project]', 'project folder to show first')],
  async run(options, command, signal) {
    if (!options.serve) refuseUnused(command, ['only'], 'needs --serve')
    const only = options.only === undefined ? null : await onlyFolder(options.only)
    const initial = await initialProject(options, command)
    if (only !== null && initial.project !== null) await requireWithin(only, initial.project)
    const settings = {
      initial,
      port: options.port,
      announce: announcer(options.json),
      remark: options.quiet ? () => undefined : remark,
      signal
    }
    await (options.serve ? serveWorkbench({ ...settings, only, openBrowser: false }) : openWorkbench(settings))
  }
})

/** Restricts the program to reading and writing in one folder. @throws WorkbenchError `not-found` */
async function onlyFolder(typed: string): Promise<string> {
  const folder = absolutePath(typed)
  if (!(await isFolder(folder))) throw notFoundError(`There is no folder ${folder}.`)
  // New projects go into a subfolder, because the window lists folders from the one above the projects.
  const projects = projectsFolder()
  if (projects === folder || !isWithin(folder, projects))
    process.env['SLR_PROJECTS_DIR'] = join(folder, 'SLR Workbench')
  restrictTo(folder, [resourcePath(), configFolder()])
  return folder
}

async function initialProject(options: OpenOptions, command: Command): Promise<InitialProject> {
  const { pair } = options
  const demo = namedDemo(options, command)
  const [typed] = command.args
  if (pair !== undefined && typed === undefined) {
    throw usageError(command, '--pair names a pair of a project: name the project too')
  }
  if (typed === undefined) return { project: null, demo }
  if (demo !== undefined) throw usageError(command, `either a project or --${DEMO_PAIRS[demo].word}, not both`)
  const project = absolutePath(typed)
  if (await isProject(project)) {
    return pair === undefined ? { project } : { project, pair: await pairId(project, pair) }
  }
  throw notFoundError(
    `${project} is not a project.`,
    existsSync(project) ? 'A project is a folder NAME.slr that holds a project.json.' : newProjectAdvice(typed)
  )
}

/** Returns the id of a pair by its name. Only the list of pairs is read, because the window reports other problems. */
async function pairId(project: string, name: string): Promise<PairId> {
  const { pairs } = (await readProjectFiles(project)).document
  return documentNamed(project, pairs, name).id
}

/** Returns a function that prints the address of the workbench, which works in one browser only. */
function announcer(json: boolean): (url: string, startedHere: boolean) => Promise<void> {
  return (url, startedHere) => {
    if (json) return printJson('address', { url })
    const lines = startedHere
      ? ['The address is for one browser. The same command prints another.', 'Press Ctrl-C to stop.']
      : ['It is already running. This address is for one more browser.']
    return printText([`SLR Workbench: ${url}`, ...lines].join('\n'))
  }
}
