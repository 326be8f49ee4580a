import type { Verdict } from '../../../contract/documents/verdict'
import { isGood } from '../../../contract/words/verdict'
import { shellCommand } from '../../report/shown-command'
import { printable, style } from './output'

/**
 * The verdict as text: its headline, a line for each caveat, and the next step with its command.
 *
 * @param asked what differs from the sweep; null where nothing does
 */
export function describeVerdict(verdict: Verdict, checkCommand: string, asked: string | null = null): string {
  const { headline, caveats, next } = verdict
  const isCheck = next?.kind === 'check' || next?.kind === 'check-more'
  return [
    style(
      'bold',
      style(
        isGood(verdict) ? 'green' : 'yellow',
        printable(asked === null ? headline : `What if ${asked}? ${headline}`)
      )
    ),
    ...caveats.map(({ text }) => style('yellow', `- ${printable(text)}`)),
    ...(next === null ? [] : [printable(next.text)]),
    ...(isCheck ? [`Next: ${checkCommand}`] : [])
  ].join('\n')
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
