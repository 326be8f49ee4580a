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

type PairOption = 'project' | 'pair' | 'from' | 'base' | 'post' | 'prompts'
interface FoundPlace extends Readonly<Partial<Record<PairOption, string>>> {
  readonly demo: boolean
  readonly out?: string
  /** The file in the project that holds the search; null without a project. */
  readonly search: string | null
}

/** Returns the command that checks what a search found, wherever the search and the sweep were saved. */
export function checkFoundCommandOf({ demo, out, search, ...options }: FoundPlace): string {
  const start = (['project', 'pair', 'from', 'base', 'post', 'prompts'] as const).flatMap((name) => {
    const value = options[name]
    return value === undefined ? [] : [`--${name}`, value]
  })
  if (demo) start.push('--demo')
  const file = search ?? out
  const command = shellCommand([['slr', 'check', ...start, placeWord(file ?? 'search.json')]])
  return file === undefined ? `${command}, after the same command with --out search.json` : command
}
