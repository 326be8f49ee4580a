import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { PairId } from '../../contract/documents/project'

/** What a start asks for; a second start hands it to the first (requestSingleInstanceLock), for Chromium reorders arguments. */
export const AskedProject = z.object({
  project: z.string().nullable(),
  /** Of the project; left out: its first. */
  pair: PairId.optional(),
  demo: z.boolean()
})
export type AskedProject = z.infer<typeof AskedProject>

/** A project's folder, or the small file inside it that file managers open. */
const PROJECT_PATH = /\.slr(project)?[\\/]?$/i

/**
 * Of a program's arguments: `--project=PATH`, `--pair=ID`, `--demo`, or a project that a file manager opens with a packaged program.
 *
 * @param packaged whether the first argument is the program itself; otherwise Electron's binary and the program's folder come first
 */
export function askedProject(argv: readonly string[], packaged: boolean): AskedProject {
  // Not strict: Chromium's own switches may stand among ours.
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
