import { extname } from 'node:path'
import { type Command, Option } from 'commander'
import { z } from 'zod'
import { REPORT_FORMATS, ReportFormat } from '../../contract/documents/report'
import { readPairState } from '../project/pair-state'
import { openProject } from '../project/open-project'
import { pairNamed } from '../project/pair-named'
import { runNamed } from '../project/run-named'
import { collectReport } from '../report/collect'
import { writeReport } from '../report/write'
import { CommonOptions, readOptions, refuseUnused, usageError, withCommonOptions } from './options'
import { PAIR_OPTION } from './project-to-save'
import { printJson, printText, remark } from './output'
import { checkOutputFile, writeOutputText, writtenWords } from './output-file'

const ReportOptions = z.strictObject({
  ...CommonOptions.shape,
  format: ReportFormat.optional(),
  pair: z.string().optional(),
  sweep: z.string().optional(),
  out: z.string().optional()
})
type ReportOptions = z.infer<typeof ReportOptions>

/** What the end of a file's name says of its format. */
const FORMATS: Readonly<Record<string, ReportFormat>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown'
}

/** `slr report`: a project as one page. */
export function addReportCommand(program: Command): void {
  const command = program
    .command('report')
    .description('write a whole project as one page: results, settings, and how to compute them again')
    .argument('<project>', 'the project folder NAME.slr')
    .option(...PAIR_OPTION)
    .option('--sweep <id>', 'the sweep to show, by its id or the beginning of it (default: the newest)')
    .optionsGroup('Where the result goes:')
    .option('--out <file>', 'a file instead of stdout; an existing file is replaced')
    .addOption(
      new Option('--format <name>', "html or markdown (default: by the file's ending, else html)").choices(
        REPORT_FORMATS
      )
    )
  withCommonOptions(command).action(async (project: string) => {
    await report(project, readOptions(ReportOptions, command), command)
  })
}

async function report(path: string, options: ReportOptions, command: Command): Promise<void> {
  const { out } = options
  if (options.json && out === undefined)
    refuseUnused(
      command,
      ['format'],
      'is of the page, and --json prints what it would hold: give --out FILE too'
    )
  const format = formatOf(options, command)
  const output = out === undefined ? null : await checkOutputFile(out)
  // Only looked at: whoever has it open may go on.
  const project = await openProject(path, 'view')
  try {
    const own = pairNamed(project, options.pair)
    const sweep = options.sweep === undefined ? undefined : runNamed(own.sweeps, options.sweep, 'sweep').id
    const content = await collectReport(own, await readPairState(own), sweep)
    if (!options.quiet) for (const warning of content.warnings) remark(warning)
    if (output !== null) await writeOutputText(output, await writeReport(content, format))
    if (options.json) await printJson(content)
    else if (output === null) await printText(await writeReport(content, format))
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
  const known = FORMATS[extname(out).toLowerCase()]
  if (known !== undefined) return known
  throw usageError(command, `${out} could be HTML or Markdown: end it in .html or .md, or give --format`)
}
