import type { BetterModel, Verdict, VerdictStepKind } from '../../../contract/documents/verdict'
import { placeWord } from '../../../contract/model/model-word'
import type { RestorationRange } from '../../../contract/model/recipe'
import { samplingBaselineText } from '../../../contract/model/sampling-baseline'
import { type ComputedFrom, isDemoPair } from '../../report/option-words'
import { isGood } from '../../../contract/words/verdict'
import { shellCommand } from '../../report/shown-command'
import { printable, style } from './output'

/** Commands that may follow a result; one that cannot be named is left out. */
export interface NextCommands {
  readonly check: string
  readonly evaluate?: string | undefined
  readonly export?: string | undefined
}

/** Beside a verdict. */
interface Shown {
  /** What differs from the sweep; null where nothing does. */
  readonly asked?: string | null
  /** Whether every caveat is printed. */
  readonly details?: boolean
}

/** Statements on what is not known where a step would find out. */
const UNKNOWN: Partial<Record<VerdictStepKind, string>> = {
  check: 'Not known: whether full answers hold.',
  'check-more': 'Not known: whether another range holds on full answers.',
  evaluate: 'Not known: quality on a task.',
  'sweep-rest': 'Not known: the ranges that are only estimated.'
}

/**
 * The verdict in three lines: its headline, what is not known with the command that finds out, and what does better, if anything.
 *
 * @param details true prints every caveat in a line of its own too
 */
export function describeVerdict(
  verdict: Verdict,
  next: NextCommands,
  { asked = null, details = false }: Shown = {}
): string {
  const { headline, caveats } = verdict
  const color = isGood(verdict) ? 'green' : 'yellow'
  const first = asked === null ? headline : `What if ${asked}? ${headline}`
  const better = betterLine(verdict)
  const others = details ? caveats.filter(({ text }) => text !== better).map(({ text }) => text) : []
  return [
    style('bold', style(color, printable(first))),
    ...nextLine(verdict, next),
    ...[better ?? [], others].flat().map((text) => style('yellow', printable(text)))
  ].join('\n')
}

function nextLine({ next }: Verdict, commands: NextCommands): string[] {
  if (next === null) return []
  const unknown = UNKNOWN[next.kind]
  const command = commandOf(next.kind, commands)
  return [[...(unknown === undefined ? [] : [unknown]), `Next: ${command ?? printable(next.text)}`].join(' ')]
}

function commandOf(kind: VerdictStepKind, commands: NextCommands): string | undefined {
  if (kind === 'check' || kind === 'check-more') return commands.check
  if (kind === 'evaluate') return commands.evaluate
  return kind === 'export' ? commands.export : undefined
}

/** The model that does better, in a line; null where none does. */
function betterLine({ better, caveats }: Verdict): string | null {
  if (better === null) return null
  return caveats.find((each) => each.better !== null)?.text ?? `Better: ${betterWords(better)}.`
}

/** A model that does better, as a command names it where it can, and how it can be used. */
function betterWords({ model, phrase, name, modelsPerToken }: BetterModel): string {
  if (model?.kind === 'recipe') return `${name}, which can be exported`
  if (model?.kind !== 'baseline') return phrase
  const runs = modelsPerToken === 2 ? ' that runs two models for each token' : ''
  return `${samplingBaselineText(model.baseline)}, a way to sample${runs}`
}

/** The pair of a stored result on a command line. */
export function pairOfResult(result: ComputedFrom): Pick<ResultPlace, 'demo' | 'base' | 'post'> {
  if (isDemoPair(result)) return { demo: true }
  return { demo: false, base: result.basePath.path, post: result.postPath.path }
}

/** How the pair and the selected range of a result are named on a command line. */
interface ResultPlace {
  readonly demo: boolean
  readonly base?: string | undefined
  readonly post?: string | undefined
  readonly out?: string | undefined
  readonly project?: string | undefined
  readonly pair?: string | undefined
  readonly rho?: number | undefined
}

/**
 * The commands that may follow a sweep, wherever it was saved.
 *
 * @param check the command that checks it
 * @param selected the range; null where none is selected
 */
export function nextCommandsOf(
  { demo, base, post, out, project, pair }: ResultPlace,
  check: string,
  selected: RestorationRange | null
): NextCommands {
  const folders = base === undefined || post === undefined ? null : ['--base', base, '--post', post]
  const stored =
    project === undefined ? null : ['--project', project, ...(pair === undefined ? [] : ['--pair', pair])]
  const words = stored ?? (demo ? ['--demo'] : folders)
  if (words === null || selected === null) return { check }
  const which =
    stored !== null ? 'selected' : out === undefined ? `${selected.start}-${selected.end}` : placeWord(out)
  const task = demo ? 'demo-open' : 'open'
  return {
    check,
    evaluate: shellCommand([['slr', 'evaluate', ...words, 'post', which, '--task', task]]),
    export: shellCommand([['slr', 'export', ...words, which, '--out', 'restored']])
  }
}

/**
 * The command that checks a sweep, wherever that was saved.
 *
 * @param demo whether a check that sweeps the demo first makes the same sweep
 * @param rho where the command line names it: a check takes a project's, or the usual one, of itself
 * @param best how many ranges to check, where it is not as many as usual
 */
export function checkCommandOf({
  demo,
  out,
  project,
  pair,
  rho,
  best
}: {
  demo: boolean
  out?: string
  project?: string
  pair?: string
  rho?: number | undefined
  best?: number | undefined
}): string {
  const settings = Object.entries({ best, rho }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  )
  if (project !== undefined) {
    const named = pair === undefined ? [] : ['--pair', pair]
    return shellCommand([['slr', 'check', '--project', project, ...named, ...settings]])
  }
  const from = shellCommand([['slr', 'check', '--from', out ?? 'sweep.json', ...settings]])
  if (out !== undefined) return from
  return demo ? 'slr check --demo' : `${from}, of the same command with --out sweep.json`
}
