import { definedFields } from '../../base/defined-fields'
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'
import { mismatchError } from '../../../contract/model/problem'
import { DEFAULT_RHO } from '../../../contract/documents/project'
import {
  defaultSearchSettings,
  EXHAUSTIVE_LAYERS,
  type SearchMethodName,
  SearchSettings,
  StrengthStart,
  TriedStrength
} from '../../../contract/documents/search'
import { STRENGTH_BOUNDS } from '../../../contract/model/recipe'
import { readDocument } from '../../base/files/migrate'
import { resultPath } from '../../base/files/paths'
import { runToEnd } from '../../base/steps'
import { checkedSelection } from '../../crc/check/checked-selection'
import type { SavedSearchProgress } from '../../crc/search/saved-search-progress'
import type { ProjectPair } from '../../project/pair/project-pair'
import { searchFile } from '../../project/documents/search-files'
import { CHECK_FORMAT } from '../../project/documents/stored-documents'
import { savedSearchProgress, SearchWork } from '../../work/search'
import {
  detailsOption,
  deviceOptions,
  outOption,
  pairOptions,
  rhoOption,
  usageError,
  wholeNumber
} from '../options/options'
import { defaulting, flag, flagIfGiven, number, text, value, parsedBy } from '../options/option-kinds'
import { printJson, printShown } from '../printing/output'
import { type CommandOptions, subcommand } from '../options/subcommand'
import { writeOutputFile, writtenWords } from '../results/output-file'
import { describePreview } from '../printing/preview-report'
import { projectOptions } from '../results/project-to-save'
import { commandsAfterSearch, describeSearch } from '../printing/search-report'
import { readCheckBeside } from '../results/check-beside'
import { searchFinding } from '../../../contract/words/search-finding'
import { startingSweep, startOptions } from '../running/starting-sweep'
import { withOneEngine } from '../running/engine'
import { runShown } from '../running/shown-work'
import { savedOnlyWithOutput, type SavedWork } from '../running/stopped'
import { savedThenShown, withResultContext } from '../results/result-context'
import { optionGroup, type OptionsOf } from '../options/option-group'

const Method = z.enum(['greedy', 'beam', 'subsets', 'strengths'] as const satisfies readonly SearchMethodName[])

const searchMethodOptions = optionGroup('Search:').options({
  method: value(
    Method,
    '<name>',
    'greedy or beam: grow the best ranges; subsets: combine layers; strengths: optimise every strength ' +
      '(default: greedy, with --beam beam)',
    parsedBy(Method, Method.options.join(', '))
  ),
  budget: number(
    '<n>',
    'block evaluations per prompt group (default: ten sweeps per recipe of a beam, or all subsets)',
    wholeNumber(1, 2 ** 31 - 1)
  ),
  seed: defaulting(number('<n>', 'seed of the bootstrap and of random orders', wholeNumber(0, 2 ** 31 - 1)), 1),
  beam: number('<n>', 'recipes per generation; 1 is greedy', wholeNumber(1, 32)),
  generations: number('<n>', 'greedy, beam: maximum number (default: 12)', wholeNumber(1, 100)),
  strengths: value(
    z.array(z.number()),
    '<list>',
    'greedy, beam: strengths besides 0 and 1, such as 0.25,0.5, or none (default: 0.5)',
    parseStrengths
  ),
  orders: number(
    '<n>',
    `subsets: random orders, an even number (default: 40 for more than ${EXHAUSTIVE_LAYERS} layers, else none)`,
    parseOrders
  ),
  halves: flagIfGiven('strengths: separate strengths for attention and MLP'),
  starts: value(
    z.array(StrengthStart),
    '<list>',
    'strengths: range, blend (needs --uniform-blends), or range,blend (default: range)',
    parseStarts
  ),
  bounds: value(
    z.tuple([z.number(), z.number()]),
    '<least,most>',
    'strengths: limits from -1 to 2, such as -0.5,1.5; beyond 0 and 1 extrapolates (default: 0,1)',
    parseBounds
  )
})
type SearchMethodOptions = OptionsOf<typeof searchMethodOptions>

/** The methods that have each option. Options of all methods are missing. */
const METHODS_OF_OPTIONS: readonly { option: keyof SearchMethodOptions; methods: readonly SearchMethodName[] }[] = [
  { option: 'beam', methods: ['greedy', 'beam'] },
  { option: 'generations', methods: ['greedy', 'beam'] },
  { option: 'strengths', methods: ['greedy', 'beam'] },
  { option: 'orders', methods: ['subsets'] },
  { option: 'halves', methods: ['strengths'] },
  { option: 'starts', methods: ['strengths'] },
  { option: 'bounds', methods: ['strengths'] }
]

function searchMethodOf(options: SearchMethodOptions, command: Command): SearchMethodName {
  const beam = options.beam ?? 1
  const method = options.method ?? (beam > 1 ? 'beam' : 'greedy')
  const unfitting = METHODS_OF_OPTIONS.find(
    ({ option, methods }) => options[option] !== undefined && !methods.includes(method)
  )
  if (unfitting !== undefined) {
    throw usageError(command, `--${unfitting.option} belongs to ${unfitting.methods.join(' and ')}, not to ${method}.`)
  }
  if (options.beam !== undefined && beam > 1 !== (method === 'beam')) {
    throw usageError(command, `--beam ${beam} does not fit the method ${method}.`)
  }
  return method
}

function searchSettings(
  method: SearchMethodName,
  { beam, budget, orders, seed, generations, strengths, halves, starts, bounds }: SearchMethodOptions,
  layerCount: number
): SearchSettings {
  return SearchSettings.parse({
    ...defaultSearchSettings(method, layerCount, beam),
    ...definedFields({
      generations,
      strengths,
      halves,
      starts,
      least: bounds?.[0],
      most: bounds?.[1],
      blockEvaluations: budget,
      orderPairs: orders === undefined ? undefined : orders / 2
    }),
    seed
  })
}

/** Parses strengths, such as `0.25,1.5` or `none`. */
function parseStrengths(text: string): number[] {
  if (text === 'none') return []
  const strengths = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)))
  if (strengths.length <= 9 && strengths.every((strength) => TriedStrength.safeParse(strength).success))
    return strengths
  throw new InvalidArgumentError(
    'Expected up to nine numbers from -1 to 2, but not 0 and 1, such as 0.25,0.5, or none.'
  )
}

/** Parses bounds that contain 0 to 1, such as `-0.5,1.5`. */
function parseBounds(text: string): [number, number] {
  // A missing bound is NaN, which is outside all limits.
  const [least = NaN, most = NaN, ...more] = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)))
  const { least: lowest, most: highest } = STRENGTH_BOUNDS
  if (more.length === 0 && least >= lowest && least <= 0 && most >= 1 && most <= highest) return [least, most]
  throw new InvalidArgumentError('Expected a number from -1 to 0 and one from 1 to 2, such as -0.5,1.5.')
}

function parseOrders(text: string): number {
  const orders = wholeNumber(2, 200)(text)
  if (orders % 2 !== 0) throw new InvalidArgumentError('Expected an even number: every order comes with its reverse.')
  return orders
}

function parseStarts(text: string): StrengthStart[] {
  const parse = parsedBy(StrengthStart, StrengthStart.options.join(', '))
  return [...new Set(text.split(',').map((part) => parse(part.trim())))]
}

const searchOptions = pairOptions
  .and(startOptions)
  .options({
    check: text(
      '<file>',
      "check of that sweep, whose failed ranges are left out (default: the project's, or the one beside the file)"
    )
  })
  .and(rhoOption(), detailsOption, searchMethodOptions)
  .heading('Output:')
  .and(outOption())
  .options({
    fresh: flag('compute everything again, also after a stopped search')
  })
  .and(projectOptions('save in this project, and start from its newest sweep, previews last'), deviceOptions)

/** `slr search`: searches for recipes beyond one range, from the scores of a sweep. */
export const searchCommand = subcommand(searchOptions, {
  ofPair: true,
  run: (options, command, signal) => withOneEngine(() => search(options, command, signal))
})

async function search(
  options: CommandOptions<typeof searchOptions>,
  command: Command,
  signal: AbortSignal
): Promise<void> {
  const method = searchMethodOf(options, command)
  if (options.check !== undefined && options.from === undefined) {
    throw usageError(command, '--check needs its sweep: name it with --from')
  }
  await withResultContext('search', options, command, async ({ givenPair, projectPair, output, note }) => {
    const savedProgress = savedSearchProgress({ pair: projectPair, file: output }, options.fresh)
    const { pair, sweep } = await startingSweep(
      options,
      { command, projectPair, givenPair, output: output === null ? null : { ...output, kind: 'search' } },
      {
        quiet: options.quiet,
        signal,
        history: () => savedProgress?.next() ?? null,
        savedWithoutHistory: savedWithoutOutput,
        sweepOnlyOptions: ['prompts', 'device', 'precision']
      }
    )
    const check = await checkOfSweep(options, projectPair, sweep)
    const rho = options.rho ?? projectPair?.document.settings.rho ?? DEFAULT_RHO
    const settings = searchSettings(method, options, sweep.layerCount)
    const work = new SearchWork({ pair, sweep, check, rho, settings }, projectPair, savedProgress)
    const document = await runShown(
      { signal, quiet: options.quiet },
      () => savedOfSearch(savedProgress),
      (runtime) => work.compute(runtime)
    )
    const selection = runToEnd(checkedSelection(sweep, check, document.rho))
    const finding = searchFinding(document, { check, rho, selection, promptCount: sweep.prompts.length })
    await savedThenShown(
      [work.keep(document), ...(output === null ? [] : [writeOutputFile(output, 'search', { ...document, finding })])],
      () => {
        if (options.json) return printJson('search', { best: document.found[0] ?? null, ...document, finding })
        const saved = projectPair === null ? null : searchFile(projectPair.folder, document.id)
        const next = commandsAfterSearch({ ...options, file: saved ?? options.out ?? null }, document)
        const preview = selection === null ? [] : describePreview({ ...sweep, selection })
        return printShown(describeSearch(document, finding, { next, preview, details: options.details }))
      },
      () => work.removeProgress()
    )
    if (output !== null) note(writtenWords(output))
    if (projectPair !== null) note(`Saved in ${projectPair.project.path} with sweep ${sweep.id}`)
  })
}

/** Returns the check whose failed ranges the search leaves out: of `--check`, the project, or beside the sweep. */
async function checkOfSweep(
  { check: file, from }: Pick<CommandOptions<typeof searchOptions>, 'check' | 'from'>,
  projectPair: ProjectPair | null,
  { id }: Pick<SweepDocument, 'id'>
): Promise<AnswerCheck | null> {
  if (file === undefined) {
    const inProject = await projectPair?.readAnswerCheck(id)
    return inProject ?? (from === undefined ? null : readCheckBeside(await resultPath(from), id))
  }
  const { document } = await readDocument(await resultPath(file), CHECK_FORMAT)
  if (document.sweepId === id) return document
  throw mismatchError(
    `${file} checks the sweep ${document.sweepId}, and the search starts from ${id}.`,
    'Check that sweep, with slr check --from and --out, or leave --check out.'
  )
}

const savedWithoutOutput = savedOnlyWithOutput('search')

function savedOfSearch(savedProgress: SavedSearchProgress | null): SavedWork {
  if (savedProgress === null) return savedWithoutOutput()
  const { path } = savedProgress
  if (path === null) return { saved: 'Nothing of the search is saved yet.', resumable: false }
  return { saved: `The scores of the search are saved in ${path}.`, resumable: true }
}
