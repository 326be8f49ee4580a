import { basename, dirname } from 'node:path'
import { Argument, type Command } from 'commander'
import { elementAt } from '../../../contract/model/look-up'
import {
  type HistoryRun,
  type PairHistory,
  type RunKey,
  RunAnnotations,
  type RunAnnotationChanges,
  TRASH_DAYS
} from '../../../contract/documents/history'
import { formatUtc } from '../../../contract/words/format'
import { runKindFacts } from '../../../contract/model/run-kinds'
import { computedWords, runTitle } from '../../../contract/words/run-words'
import { openPair } from '../../checkpoint/pair'
import { builtinPromptSet } from '../../crc/task/builtin-prompts'
import { createProject, newProjectPath } from '../../project/create-project'
import { pairPaths } from '../../project/demo'
import { shellCommand } from '../../report/shown-command'
import { pairNamed } from '../../project/pair-named'
import { runNamed } from '../../project/runs/run-named'
import type { RunHistory } from '../../project/pair/pair-history'
import type { ProjectPair } from '../../project/pair/project-pair'
import { pairOptions, requirePair, usageError } from '../options/options'
import { type DeclaredCommand, subcommand } from '../options/subcommand'
import { printable, printJson, printShown, remark, style, table } from '../printing/output'
import { flag } from '../options/option-kinds'
import { openNamedProject, openPairOfProject, pairOption } from '../results/project-to-save'

/** `slr project`: creates a project and manages the runs of its pairs. */
export function projectCommand(command: Command, signal: AbortSignal): void {
  command.showHelpAfterError('See "slr project --help".')
  const add = (name: string, description: string): Command => command.command(name).description(description)
  projectNewCommand(add('new', 'create a project for a pair'), signal)
  projectListCommand(add('list', 'list the runs of a pair and those in its trash'), signal)
  projectNameCommand(add('name', 'name a run; an empty name restores the default'), signal)
  projectNoteCommand(add('note', 'write a note for a run, which reports show too'), signal)
  projectPinCommand(add('pin', 'pin a run, so that it is listed first'), signal)
  projectDeleteCommand(add('delete', 'move a run to the trash of its pair'), signal)
  projectRestoreCommand(add('restore', 'restore a run from the trash'), signal)
}

/** `slr project new`: creates a project with one pair, and built-in prompts for the pair. */
const projectNewCommand = subcommand(pairOptions, {
  operands: [new Argument('<project>', 'folder NAME.slr to create; its parent must exist')],
  async run(options, command) {
    const path = newProjectPath(elementAt(command.args, 0, 'project'))
    const pair = await requirePair(options, command)
    const folders = pairPaths(pair)
    await openPair(folders.base, folders.post)
    const project = await createProject({
      folder: dirname(path),
      name: basename(path),
      pair,
      prompts: await builtinPromptSet(pair.kind === 'demo' ? 'demo-crc' : 'crc')
    })
    await project.close()
    if (options.json) {
      await printJson('new-project', { project: project.path, pair: project.firstPair.document.name })
      return
    }
    const next = shellCommand([['slr', 'sweep', '--project', project.path]])
    await printShown(`Created ${printable(project.path)}\nNext: ${next}`)
  }
})

const PROJECT = new Argument('<project>', 'project folder NAME.slr')
const RUN = new Argument('<run>', 'id of the run, or the beginning of the id')

/** `slr project list`: lists the runs of a pair. Works while another program writes the project. */
const projectListCommand = subcommand(pairOption, {
  operands: [PROJECT],
  async run(options, command) {
    const project = await openNamedProject(elementAt(command.args, 0, 'project'), 'view')
    try {
      if (!options.quiet) for (const warning of project.warnings) remark(warning)
      await printRuns(pairNamed(project, options.pair), options.json)
    } finally {
      await project.close()
    }
  }
})

const projectNameCommand = setTextCommand('name', 'name of the run')
const projectNoteCommand = setTextCommand('note', 'the note, as Markdown')

function setTextCommand(field: 'name' | 'note', description: string): DeclaredCommand {
  return subcommand(pairOption, {
    operands: [PROJECT, RUN, new Argument('<text>', description)],
    run(options, command) {
      const text = elementAt(command.args, 2, 'text')
      const { maxLength } = RunAnnotations.shape[field]
      if (maxLength !== null && text.length > maxLength)
        throw usageError(command, `the ${field} has ${text.length} characters, expected at most ${maxLength}`)
      return changeRun(options, command.args, (history, id) => setText(history, id, { [field]: text }))
    }
  })
}

const projectPinCommand = subcommand(pairOption.options({ off: flag('unpin the run') }), {
  operands: [PROJECT, RUN],
  run: (options, { args }) => changeRun(options, args, (history, id) => setText(history, id, { pinned: !options.off }))
})

const projectDeleteCommand = subcommand(pairOption, {
  operands: [PROJECT, RUN],
  run: (options, { args }) =>
    changeRun(options, args, (history, id) => history.delete(runNamed(history.state.runs, id, 'run')))
})

const projectRestoreCommand = subcommand(pairOption, {
  operands: [PROJECT, RUN],
  run: (options, { args }) =>
    changeRun(options, args, async (history, id) => {
      const { deleted } = history.state
      const run = runNamed(
        deleted.map((entry) => entry.run),
        id,
        'deleted run'
      )
      const index = deleted.findIndex((entry) => entry.run === run)
      await history.restore(elementAt(deleted, index, 'deleted run').deletion)
    })
})

const setText = (history: RunHistory, id: string, changes: RunAnnotationChanges): Promise<unknown> =>
  history.annotate(runNamed(history.state.runs, id, 'run'), changes)

interface RunOptions {
  readonly pair?: string | undefined
  readonly json: boolean
  readonly quiet: boolean
}

/** Opens the project, changes the run that the arguments name, and prints the runs of its pair. */
async function changeRun(
  { pair, json, quiet }: RunOptions,
  args: readonly string[],
  change: (history: RunHistory, id: string) => Promise<unknown>
): Promise<void> {
  const projectPair = await openPairOfProject(elementAt(args, 0, 'project'), pair, quiet ? () => undefined : remark)
  try {
    await change(projectPair.history, elementAt(args, 1, 'run'))
    await printRuns(projectPair, json)
  } finally {
    await projectPair.project.close()
  }
}

async function printRuns(projectPair: ProjectPair, json: boolean): Promise<void> {
  const { state } = projectPair.history
  if (json) return printJson('runs', { pair: projectPair.document.name, ...state })
  await printShown(describeHistory(state))
}

/** Returns the number of characters at which the beginnings of all ids differ; at least 8. */
function idLength(runs: readonly RunKey[]): number {
  for (let length = 8; length < 64; length++) {
    if (new Set(runs.map(({ id }) => id.slice(0, length))).size === runs.length) return length
  }
  return 64
}

function describeHistory({ runs, deleted }: PairHistory): string {
  if (runs.length + deleted.length === 0) return 'This pair has no runs yet.'
  const length = idLength([...runs, ...deleted.map(({ run }) => run)])
  const row = (run: HistoryRun): string[] => [
    run.id.slice(0, length),
    runKindFacts(run.kind).one,
    formatUtc(run.createdAt),
    `${run.pinned ? '* ' : ''}${runTitle(run)}`,
    computedWords(run).join(', ')
  ]
  const head = ['id', 'kind', 'started', 'name (* pinned)', 'computed with']
  const notes = runs.filter(({ note }) => note !== '')
  return [
    runs.length === 0 ? 'No runs.' : table([head, ...runs.map(row)], 'lllll'),
    ...notes.flatMap(({ id, note }) => ['', `${style('bold', id.slice(0, length))} ${note}`]),
    ...(deleted.length === 0
      ? []
      : [
          '',
          `Deleted, kept for ${TRASH_DAYS} days:`,
          table(
            deleted.map(({ run }) => row(run)),
            'lllll'
          )
        ])
  ].join('\n')
}
