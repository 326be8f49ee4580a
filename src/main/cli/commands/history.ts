import { type Command } from 'commander'
import type { HistoryRun, PairHistory, RunKey, RunMarkChanges } from '../../../contract/documents/history'
import { TRASH_DAYS } from '../../../contract/documents/history'
import { formatUtc } from '../../../contract/words/format'
import { computedWords, RUN_KIND_WORDS, runTitle } from '../../../contract/words/run-words'
import { openProject } from '../../project/open-project'
import { pairNamed } from '../../project/pair-named'
import { runNamed } from '../../project/runs/run-named'
import type { ProjectPair } from '../../project/pair/project-pair'
import { optionGroup } from '../options/option-group'
import { flag, required, text } from '../options/option-kinds'
import { usageError } from '../options/options'
import { printJson, printShown, remark, style, table } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { openPairToSave, pairOption } from '../results/project-to-save'

const historyOptions = optionGroup()
  .options({
    project: required(text('<folder>', 'the project folder NAME.slr'))
  })
  .and(pairOption)
  .heading('A run:')
  .options({
    run: text('<id>', 'the run that the rest is about: its id, or enough of its beginning'),
    name: text('<text>', 'call it so; an empty one calls it after what it is'),
    note: text('<text>', 'Markdown to stand beside it, in reports too'),
    pin: flag('put it first'),
    unpin: flag('no more', { conflicts: ['pin'] }),
    delete: flag(`move it to the trash of the pair, which keeps it for ${TRASH_DAYS} days`),
    restore: flag('bring it back', { conflicts: ['name', 'note', 'pin', 'unpin', 'delete'] })
  })
type HistoryOptions = CommandOptions<typeof historyOptions>

/** `slr history`: the runs of a pair, and what the user says of them. */
export const historyCommand = subcommand(historyOptions, {
  async run(options, command) {
    await (isChange(options) ? change(options, command) : list(options, command))
  }
})

const isChange = ({ name, note, pin, unpin, delete: gone, restore }: HistoryOptions): boolean =>
  name !== undefined || note !== undefined || pin || unpin || gone || restore

/** Only looked at: whoever has it open may go on. */
async function list(options: HistoryOptions, command: Command): Promise<void> {
  if (options.run !== undefined) {
    throw usageError(command, 'what of the run? Give --name, --note, --pin, --unpin, --delete or --restore')
  }
  const project = await openProject(options.project, 'view')
  try {
    if (!options.quiet) for (const warning of project.warnings) remark(warning)
    await print(pairNamed(project, options.pair), options)
  } finally {
    await project.close()
  }
}

async function change(options: HistoryOptions, command: Command): Promise<void> {
  if (options.run === undefined) throw usageError(command, 'of which run? Give --run ID')
  const own = await openPairToSave(options, command, options.quiet ? () => undefined : remark)
  if (own === null) throw usageError(command, 'of which project? Give --project FOLDER')
  try {
    await changeRun(own, options, options.run)
    await print(own, options)
  } finally {
    await own.project.close()
  }
}

async function changeRun({ history }: ProjectPair, options: HistoryOptions, id: string): Promise<void> {
  const { runs, deleted } = history.state
  if (options.restore) {
    const run = runNamed(
      deleted.map((entry) => entry.run),
      id,
      'deleted run'
    )
    const found = deleted.find((entry) => entry.run === run)
    if (found !== undefined) await history.restore(found.deletion)
    return
  }
  const run = runNamed(runs, id, 'run')
  const { name, note, pin, unpin } = options
  const changes: RunMarkChanges = {
    ...(name === undefined ? {} : { name }),
    ...(note === undefined ? {} : { note }),
    ...(pin || unpin ? { pinned: pin } : {})
  }
  if (Object.keys(changes).length > 0) await history.mark(run, changes)
  if (options.delete) await history.delete(run)
}

async function print(own: ProjectPair, { json }: HistoryOptions): Promise<void> {
  const { state } = own.history
  if (json) return printJson({ pair: own.document.name, ...state })
  await printShown(describeHistory(state))
}

/** Enough of the ids to tell all apart, and at least eight characters. */
function idLength(runs: readonly RunKey[]): number {
  for (let length = 8; length < 64; length++) {
    if (new Set(runs.map(({ id }) => id.slice(0, length))).size === runs.length) return length
  }
  return 64
}

function describeHistory({ runs, deleted }: PairHistory): string {
  if (runs.length + deleted.length === 0) return 'Nothing was computed of this pair yet.'
  const length = idLength([...runs, ...deleted.map(({ run }) => run)])
  const row = (run: HistoryRun): string[] => [
    run.id.slice(0, length),
    RUN_KIND_WORDS[run.kind].one,
    formatUtc(run.createdAt),
    `${run.pinned ? '* ' : ''}${runTitle(run)}`,
    computedWords(run).join(', ')
  ]
  const head = ['id', 'kind', 'begun', 'what (* pinned)', 'computed with']
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
