import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { PairId } from '../../contract/documents/project'

/** Request of a start, which a second start passes to the first (requestSingleInstanceLock). */
export const StartRequest = z.object({
  project: z.string().nullable(),
  pair: PairId.optional(),
  demo: z.boolean()
})
export type StartRequest = z.infer<typeof StartRequest>

/** Matches a project's folder, or the small file inside it that file managers open. */
const PROJECT_PATH = /\.slr(project)?[\\/]?$/i

/** Reads `--project=PATH`, `--pair=ID`, `--demo`, or a project to open. @param packaged true for no folder argument */
export function readStartRequest(argv: readonly string[], packaged: boolean): StartRequest {
  // Not strict, because Chromium's own switches may be among the arguments.
  const { values, positionals } = parseArgs({
    args: argv.slice(packaged ? 1 : 2),
    options: { project: { type: 'string' }, pair: { type: 'string' }, demo: { type: 'boolean' } },
    allowPositionals: true,
    strict: false
  })
  const named =
    typeof values.project === 'string' ? values.project : positionals.find((path) => PROJECT_PATH.test(path))
  const pair = PairId.safeParse(values.pair).data
  return {
    project: named === undefined ? null : resolve(named),
    ...(pair === undefined ? {} : { pair }),
    demo: values.demo === true
  }
}
