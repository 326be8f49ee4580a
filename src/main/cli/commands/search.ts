import {
  detailsOption,
  pairOptions,
  deviceOptions,
  outOption,
  rhoOption,
  usageError
} from '../options/options'
import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'
import { WorkbenchError } from '../../../contract/model/problem'
import { DEFAULT_RHO } from '../../../contract/documents/project'
import { readDocument } from '../../base/files/migrate'
import { resultPath } from '../../base/files/places'
import { runToEnd } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import type { SearchCheckpoints } from '../../crc/search/search-checkpoints'
import type { ProjectPair } from '../../project/pair/project-pair'
import { searchFile } from '../../project/documents/search-files'
import { CHECK_FORMAT } from '../../project/documents/stored-documents'
import { flag, text } from '../options/option-kinds'
import { printJson, printShown } from '../printing/output'
import { subcommand } from '../options/subcommand'
import { writeOutputFile, writtenWords } from '../results/output-file'
import { describePreview } from '../printing/preview-report'
import { projectOptions } from '../results/project-to-save'
import { checkFoundCommandOf, describeSearch } from '../printing/search-report'
import { startingSweep, startOptions } from '../running/starting-sweep'
import { searchMethodOf, searchSettings, searchMethodOptions } from '../options/search-options'
import { runShown } from '../running/shown-work'
import { searchCheckpoints, SearchWork } from '../../work/search'
import { type SavedWork, savedOnlyWithPlace } from '../running/stopped'
import { savedThenShown, withResultPlaces } from '../results/result-places'

const searchOptions = pairOptions
  .and(startOptions)
  .options({
    check: text(
      '<file>',
      "check of that sweep, whose failed ranges are left out (default: the project's, else none)"
    )
  })
  .and(rhoOption(), detailsOption, searchMethodOptions)
  .heading('Output:')
  .and(outOption())
  .options({
    fresh: flag('compute everything again, also after a stopped search')
  })
  .and(projectOptions('save in this project, and start from its newest sweep, previews last'), deviceOptions)

/** `slr search`: looks for recipes beyond one range, starting from a sweep of ranges. */
export const searchCommand = subcommand(searchOptions, {
  ofPair: true,
  async run(options, command, signal) {
    const method = searchMethodOf(options, command)
    if (options.check !== undefined && options.from === undefined) {
      throw usageError(command, '--check needs its sweep: name it with --from')
    }
    await withResultPlaces('search', options, command, async ({ givenPair, projectPair, output, tell }) => {
      const checkpoints = searchCheckpoints({ pair: projectPair, file: output }, options.fresh)
      const { pair, sweep } = await startingSweep(
        options,
        { command, projectPair, givenPair, place: output === null ? null : { ...output, kind: 'search' } },
        {
          quiet: options.quiet,
          signal,
          history: () => checkpoints?.next() ?? null,
          without: savedWithoutPlace,
          sweepOnlyOptions: ['prompts', 'device', 'precision']
        }
      )
      const check = await checkOfSweep(options.check, projectPair, sweep)
      const rho = options.rho ?? projectPair?.document.settings.rho ?? DEFAULT_RHO
      const settings = searchSettings(method, options, sweep.layerCount)
      const work = new SearchWork({ pair, sweep, check, rho, settings }, projectPair, checkpoints)
      const document = await runShown(
        { signal, quiet: options.quiet },
        () => savedOfSearch(checkpoints),
        (means) => work.compute(means)
      )
      const selection = runToEnd(checkedSelection(sweep, check, document.rho))
      const preview = selection === null ? [] : describePreview({ ...sweep, selection, check })
      const again = checkFoundCommandOf({
        ...options,
        search: projectPair === null ? null : searchFile(projectPair.folder, document.id)
      })
      await savedThenShown(
        [work.keep(document), ...(output === null ? [] : [writeOutputFile(output, 'search', document)])],
        () =>
          options.json
            ? printJson('search', { best: document.found[0] ?? null, ...document })
            : printShown(
                describeSearch(document, check, { checkCommand: again, preview, details: options.details })
              ),
        () => work.forget()
      )
      if (output !== null) tell(writtenWords(output))
      if (projectPair !== null) tell(`Saved in ${projectPair.project.path} with sweep ${sweep.id}`)
    })
  }
})

/** @throws WorkbenchError `mismatch` for a check of another sweep; `bad-file` */
async function checkOfSweep(
  file: string | undefined,
  projectPair: ProjectPair | null,
  { id }: Pick<SweepDocument, 'id'>
): Promise<AnswerCheck | null> {
  if (file === undefined) return (await projectPair?.readAnswerCheck(id)) ?? null
  const { document } = await readDocument(await resultPath(file), CHECK_FORMAT)
  if (document.sweepId === id) return document
  throw new WorkbenchError(
    'mismatch',
    `${file} checks the sweep ${document.sweepId}, and the search starts from ${id}.`,
    'Check that sweep, with slr check --from and --out, or leave --check out.'
  )
}

const savedWithoutPlace = savedOnlyWithPlace('search')

function savedOfSearch(checkpoints: SearchCheckpoints | null): SavedWork {
  if (checkpoints === null) return savedWithoutPlace()
  const { path } = checkpoints
  if (path === null) return { saved: 'Nothing of the search is saved yet.', resumable: false }
  return { saved: `The scores of the search are saved in ${path}.`, resumable: true }
}
