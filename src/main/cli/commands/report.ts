import { extname } from 'node:path'
import { Argument, type Command } from 'commander'
import { elementAt } from '../../../contract/model/look-up'
import { ReportFormat } from '../../../contract/documents/report'
import { readPairState } from '../../project/pair-state'
import { pairNamed } from '../../project/pair-named'
import { runNamed } from '../../project/runs/run-named'
import { collectReport } from '../../report/collect'
import { writeReport } from '../../report/write'
import { refuseUnused, usageError, outOption } from '../options/options'
import { choice, text } from '../options/option-kinds'
import { openNamedProject, pairOption } from '../results/project-to-save'
import { printJson, printText, remark } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { checkOutputFile, writeOutputText, writtenWords } from '../results/output-file'

const reportOptions = pairOption
  .options({
    sweep: text('<id>', 'id of the sweep to show, or its beginning (default: the newest)')
  })
  .heading('Output:')
  .and(outOption('write to this file instead of stdout'))
  .options({
    format: choice(ReportFormat, '<name>', "html or markdown (default: by the file's ending, else html)")
  })
type ReportOptions = CommandOptions<typeof reportOptions>

const FORMATS: Readonly<Record<string, ReportFormat>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown'
}

/** `slr report`: writes a project as one page. */
export const reportCommand = subcommand(reportOptions, {
  operands: [new Argument('<project>', 'project folder NAME.slr')],
  run: report
})

async function report(options: ReportOptions, command: Command): Promise<void> {
  const path = elementAt(command.args, 0, 'project')
  const { out } = options
  if (options.json && out === undefined)
    refuseUnused(command, ['format'], 'has no effect with --json only: give --out FILE too')
  const format = formatOf(options, command)
  const output = out === undefined ? null : await checkOutputFile(out, 'page', {}, options.force)
  // The project is opened for viewing, because another program may be writing it.
  const project = await openNamedProject(path, 'view')
  try {
    const projectPair = pairNamed(project, options.pair)
    const sweep = options.sweep === undefined ? undefined : runNamed(projectPair.sweeps, options.sweep, 'sweep').id
    const content = await collectReport(projectPair, await readPairState(projectPair), sweep)
    if (!options.quiet) for (const warning of content.warnings) remark(warning)
    if (output !== null) await writeOutputText(output, writeReport(content, format))
    if (options.json) await printJson('report', content)
    else if (output === null) await printText(writeReport(content, format))
    if (output !== null && !options.quiet) {
      remark(writtenWords(output))
    }
  } finally {
    await project.close()
  }
}

function formatOf({ format, out }: ReportOptions, command: Command): ReportFormat {
  if (format !== undefined) return format
  if (out === undefined) return 'html'
  const formatByEnding = FORMATS[extname(out).toLowerCase()]
  if (formatByEnding !== undefined) return formatByEnding
  throw usageError(command, `${out} could be HTML or Markdown: end it in .html or .md, or give --format`)
}
