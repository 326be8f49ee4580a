import { type DemoPair, firstTaskOf } from '../../../contract/model/demo-pair'
import type { BetterModel, ShownVerdict, VerdictStepKind } from '../../../contract/documents/verdict'
import { pathWord } from '../../../contract/model/model-word'
import type { RestorationRange } from '../../../contract/model/recipe'
import { samplingBaselineText } from '../../../contract/model/sampling-baseline'
import { type ComputedFrom, demoPairOf } from '../../report/option-words'
import { isGood } from '../../../contract/words/verdict'
import { shellCommand } from '../../report/shown-command'
import { pairWords } from '../../../contract/work/work'
import { printable, style } from './output'

/** Commands to suggest after a result. A command is missing if its arguments are unknown. */
export interface NextCommands {
  readonly check: string
  readonly evaluate?: string | undefined
  readonly export?: string | undefined
  readonly search?: string | undefined
}

interface VerdictOptions {
  /** Settings that differ from the sweep; null if none. */
  readonly whatIf?: string | null
  readonly details: boolean
}

/** Open questions that a step would answer. */
const UNKNOWN: Partial<Record<VerdictStepKind, string>> = {
  check: 'Unknown: whether full answers hold.',
  'check-more': 'Unknown: whether another range holds on full answers.',
  evaluate: 'Unknown: quality on a task.',
  'sweep-rest': 'Unknown: the ranges that are only estimated.',
  search: 'Unknown: recipes that other methods try.'
}

/** Describes the verdict in three lines: its headline, the next command with its question, and a better model. */
export function describeVerdict(
  verdict: ShownVerdict,
  next: NextCommands,
  { whatIf = null, details }: VerdictOptions
): string {
  const { headline, caveats } = verdict
  const color = isGood(verdict) ? 'green' : 'yellow'
  const first = whatIf === null ? headline : `What if ${whatIf}? ${headline}`
  const better = betterLine(verdict)
  const warnings = better === null ? [] : [better]
  if (details) warnings.push(...caveats.map(({ text }) => text).filter((text) => text !== better))
  return [
    style('bold', style(color, printable(first))),
    ...nextLine(verdict, next),
    ...warnings.map((text) => style('yellow', printable(text)))
  ].join('\n')
}

function nextLine({ next }: ShownVerdict, commands: NextCommands): string[] {
  if (next === null) return []
  const unknown = UNKNOWN[next.kind]
  const command = commandOf(next.kind, commands)
  return [[...(unknown === undefined ? [] : [unknown]), `Next: ${command ?? printable(next.text)}`].join(' ')]
}

function commandOf(kind: VerdictStepKind, commands: NextCommands): string | undefined {
  if (kind === 'check' || kind === 'check-more') return commands.check
  return kind === 'evaluate' || kind === 'export' || kind === 'search' ? commands[kind] : undefined
}

function betterLine({ better, caveats }: ShownVerdict): string | null {
  if (better === null) return null
  return caveats.find((each) => each.better !== null)?.text ?? `Better: ${betterWords(better)}.`
}

function betterWords({ model, phrase, name, modelsPerToken }: BetterModel): string {
  if (model?.kind === 'recipe') return `${name}, which can be exported`
  if (model?.kind !== 'baseline') return phrase
  const runs = modelsPerToken === 2 ? ' that runs two models for each token' : ''
  return `${samplingBaselineText(model.baseline)}, a way to sample${runs}`
}

/** Returns the pair of a stored result for a command line. */
export function pairOfResult(result: ComputedFrom): Pick<ResultOptions, 'demo' | 'base' | 'post'> {
  const demo = demoPairOf(result)
  return demo === undefined ? { base: result.basePath.path, post: result.postPath.path } : { demo }
}

/** Options of a command that name its pair and the place of its result. */
interface ResultOptions {
  readonly demo?: DemoPair | undefined
  readonly base?: string | undefined
  readonly post?: string | undefined
  readonly out?: string | undefined
  readonly project?: string | undefined
  readonly pair?: string | undefined
  readonly rho?: number | undefined
}

/** Returns the options that name the pair of a command. Empty if the pair's folders are unknown. */
export function pairOptionsOf({ demo, base, post, project, pair }: ResultOptions): string[] {
  if (project !== undefined) return pairWords({ project, ...(pair === undefined ? {} : { pair }) })
  if (demo !== undefined) return pairWords({ demo })
  return base === undefined || post === undefined ? [] : pairWords({ base, post })
}

/** Returns the commands that may follow a sweep. @param check command that checks it */
export function nextCommandsOf(options: ResultOptions, check: string, selected: RestorationRange | null): NextCommands {
  const { demo, out, project } = options
  const words = pairOptionsOf(options)
  if (words.length === 0 || selected === null) return { check }
  const rangeOrFile = out === undefined ? `${selected.start}-${selected.end}` : pathWord(out)
  const which = project === undefined ? rangeOrFile : 'selected'
  const task = demo === undefined ? 'open' : firstTaskOf(demo)
  return {
    check,
    evaluate: shellCommand([['slr', 'evaluate', ...words, 'post', which, '--task', task]]),
    export: shellCommand([['slr', 'export', ...words, which, '--out', 'restored']])
  }
}

/** Returns the command that checks a sweep. A check with `demo` computes the same sweep first. */
export function checkCommandOf(options: ResultOptions & { readonly best?: number | undefined }): string {
  const { demo, out, project, rho, best } = options
  const settings = Object.entries({ best, rho }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  )
  if (project !== undefined) return shellCommand([['slr', 'check', ...pairOptionsOf(options), ...settings]])
  const from = shellCommand([['slr', 'check', '--from', out ?? 'sweep.json', ...settings]])
  if (out !== undefined) return from
  if (demo !== undefined) return shellCommand([['slr', 'check', ...pairWords({ demo })]])
  return `${from}, after the same command with --out sweep.json`
}
