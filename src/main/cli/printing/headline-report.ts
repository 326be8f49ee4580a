import type { Objection } from '../../../contract/documents/evaluation'
import type { Headline } from '../../../contract/documents/headline'
import { headlineSentence, isGood } from '../../../contract/words/headline'
import { shellCommand } from '../../report/shown-command'
import { printable, style } from './output'

/**
 * What was found, what an evaluation has against it, and the next step with its command.
 *
 * @param asked what differs from the sweep; null where nothing does
 */
export function describeHeadline(
  found: Headline,
  checkCommand: string,
  { asked = null, objection }: { asked?: string | null; objection: Objection | null }
): string {
  const sentence = headlineSentence(found)
  return [
    style(
      'bold',
      style(
        isGood(found.state) && objection === null ? 'green' : 'yellow',
        printable(asked === null ? sentence : `What if ${asked}? ${sentence}`)
      )
    ),
    ...(objection === null ? [] : [style('yellow', printable(`${objection.words}.`))]),
    printable(found.next),
    ...(found.checkNext ? [`Next: ${checkCommand}`] : [])
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
