import { type DemoPair, firstTaskOf } from '../../../contract/model/demo-pair'
import { pairWords } from '../../../contract/work/work'
import type { SearchDocument, SearchMethodName } from '../../../contract/documents/search'
import type { ShownVerdict } from '../../../contract/documents/verdict'
import { pathWord } from '../../../contract/model/model-word'
import { certaintyFacts, effortFacts, foundTable, shareBlocks } from '../../report/sections/search'
import { shellCommand } from '../../report/shown-command'
import { blocksText } from './blocks'
import { describeVerdict, type NextCommands, pairOfResult, pairOptionsOf } from './verdict-report'

/** Describes a search: the verdict in three lines, then the recipes. */
export function describeSearch(
  search: SearchDocument,
  finding: ShownVerdict,
  { next, preview, details }: { next: NextCommands; preview: readonly string[]; details: boolean }
): string {
  return [
    describeVerdict(finding, next, { details }),
    ...preview,
    blocksText([
      ...(details ? [{ kind: 'facts', facts: certaintyFacts(search) } as const] : []),
      foundTable(search),
      ...(search.shapley === null ? [] : shareBlocks(search.shapley, search, [])),
      { kind: 'facts', facts: effortFacts(search) }
    ])
  ].join('\n\n')
}

type StartOption = 'project' | 'pair' | 'from' | 'base' | 'post' | 'prompts'

/** Start of a search on its command line, and the file that has its result. */
interface FinishedSearch extends Readonly<Partial<Record<StartOption, string>>> {
  readonly demo?: DemoPair | undefined
  /** File of `--out` or in the project; null if the result was only printed. */
  readonly file: string | null
}

/** The method to try after another one. */
const NEXT_METHOD: Readonly<Record<SearchMethodName, SearchMethodName>> = {
  greedy: 'beam',
  beam: 'strengths',
  strengths: 'subsets',
  subsets: 'greedy'
}

/** Returns the commands that may follow a search: check or evaluate its best recipe, or try another method. */
export function commandsAfterSearch(
  { demo, file, ...options }: FinishedSearch,
  search: Pick<SearchDocument, 'settings' | 'basePath' | 'postPath'>
): NextCommands {
  const start = (['project', 'pair', 'from', 'base', 'post', 'prompts'] as const).flatMap((name) => {
    const value = options[name]
    return value === undefined ? [] : [`--${name}`, value]
  })
  if (demo !== undefined) start.push(...pairWords({ demo }))
  const recipe = pathWord(file ?? 'search.json')
  const { project, pair } = options
  const searched = pairOfResult(search)
  const namedPair = pairOptionsOf({ ...searched, project, pair })
  const demoPair = demo ?? searched.demo
  const command = (...words: string[]): string => {
    const text = shellCommand([['slr', ...words]])
    return file === null ? `${text}, after the same command with --out search.json` : text
  }
  return {
    check: command('check', ...start, recipe),
    evaluate: command(
      'evaluate',
      ...namedPair,
      'post',
      recipe,
      '--task',
      demoPair === undefined ? 'open' : firstTaskOf(demoPair)
    ),
    search: shellCommand([['slr', 'search', ...start, '--method', NEXT_METHOD[search.settings.method]]])
  }
}
