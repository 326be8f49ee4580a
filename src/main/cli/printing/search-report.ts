import { placeWord } from '../../../contract/model/model-word'
import type { CheckResult } from '../../../contract/documents/answer-check'
import type { SearchDocument } from '../../../contract/documents/search'
import { searchFinding } from '../../../contract/words/search-words'
import { certaintyFacts, effortFacts, foundTable, shareBlocks } from '../../report/sections/search'
import { shellCommand } from '../../report/shown-command'
import { blocksText } from './blocks'

/**
 * Describes a search: its result on unseen prompts and on full answers.
 *
 * @param check full-answer check of its sweep, or null.
 * @param checkCommand command that checks the recipe.
 * @param details true adds the comparison on unseen prompts.
 * @param preview remarks on a sweep that is a preview
 */
export function describeSearch(
  search: SearchDocument,
  check: CheckResult | null,
  { checkCommand, preview, details }: { checkCommand: string; preview: readonly string[]; details: boolean }
): string {
  const { words, checkNext } = searchFinding(search, check, search.rho)
  const lead = blocksText([{ kind: 'lead', text: words }])
  return [
    checkNext ? `${lead}\nUnknown: whether full answers hold. Next: ${checkCommand}` : lead,
    ...preview,
    blocksText([
      ...(details ? [{ kind: 'facts', facts: certaintyFacts(search) } as const] : []),
      foundTable(search),
      ...(search.shapley === null ? [] : shareBlocks(search.shapley, search, [])),
      { kind: 'facts', facts: effortFacts(search) }
    ])
  ].join('\n\n')
}

/** Returns the command that checks what a search found, wherever the search and the sweep were saved. */
export function checkFoundCommandOf({
  demo,
  base,
  post,
  from,
  prompts,
  out,
  project,
  pair,
  search
}: {
  demo: boolean
  base?: string
  post?: string
  from?: string
  prompts?: string
  out?: string
  project?: string
  pair?: string
  /** The file in the project that holds the search; null without a project. */
  search: string | null
}): string {
  const optionWords = (option: string, value: string | undefined): string[] =>
    value === undefined ? [] : [option, value]
  const start = [
    ...optionWords('--project', project),
    ...optionWords('--pair', pair),
    ...optionWords('--from', from),
    ...(demo ? ['--demo'] : []),
    ...optionWords('--base', base),
    ...optionWords('--post', post),
    ...optionWords('--prompts', prompts)
  ]
  const file = search ?? out
  const command = shellCommand([['slr', 'check', ...start, placeWord(file ?? 'search.json')]])
  return file === undefined ? `${command}, of the same command with --out search.json` : command
}
