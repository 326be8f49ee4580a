import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { PairId } from '../../contract/documents/project'
import { DEMO_PAIRS, DemoPair } from '../../contract/model/demo-pair'

/** The project that a start of the program opens. A second start passes it to the first (requestSingleInstanceLock). */
export const StartRequest = z.object({
  project: z.string().nullable(),
  pair: PairId.optional(),
  demo: DemoPair.optional()
})
export type StartRequest = z.infer<typeof StartRequest>

/** Matches a project's folder, or the small file inside it that file managers open. */
const PROJECT_PATH = /\.slr(project)?[\\/]?$/i

/**
 * Reads the arguments `--project=PATH`, `--pair=ID`, `--demo` and `--blend-demo`, or the path of a project.
 *
 * @param packaged true for an installed program. Otherwise the first argument is the program's folder.
 */
export function readStartRequest(argv: readonly string[], packaged: boolean): StartRequest {
  // Not strict, because Chromium's own switches may be among the arguments.
  const { values, positionals } = parseArgs({
    args: argv.slice(packaged ? 1 : 2),
    options: { project: { type: 'string' }, pair: { type: 'string' } },
    allowPositionals: true,
    strict: false
  })
  const named =
    typeof values.project === 'string' ? values.project : positionals.find((path) => PROJECT_PATH.test(path))
  const pair = PairId.safeParse(values.pair).data
  const demo = DemoPair.options.find((each) => values[DEMO_PAIRS[each].word] === true)
  return {
    project: named === undefined ? null : resolve(named),
    ...(pair === undefined ? {} : { pair }),
    ...(demo === undefined ? {} : { demo })
  }
}
