import { z } from 'zod'
import { Shard } from '../../contract/documents/sweep-part'
import { WorkbenchError } from '../../contract/model/problem'
import { readJsonFile } from '../base/files/bounded-file'
import { SWEEP_FORMAT } from './stored-documents'

/** What is given in place of a sweep: a part, or what another command wrote or reads. */
interface OtherKind {
  is: string
  hint: string
}

const MAKE_ONE = 'A sweep is what "slr sweep --out FILE" writes.'
const FROM_ITS_SWEEP = 'Name the sweep that it started from, as "slr sweep --out FILE" wrote it.'
const others = (is: string, hint = MAKE_ONE) => ({ is, hint })

/** By what each has and no sweep does, of whatever version. */
const KINDS = [
  z
    .looseObject({ kind: z.literal('sweep-part'), shard: Shard })
    .transform(({ shard }) =>
      others(
        `part ${shard.index} of ${shard.count} of a sweep (--shard)`,
        'Join all parts with "slr merge PART ... --out sweep.json", and name that file.'
      )
    ),
  z
    .looseObject({ sweepId: z.string(), endTokens: z.unknown(), models: z.array(z.unknown()) })
    .transform(() => others('a check of whole answers', FROM_ITS_SWEEP)),
  z
    .looseObject({ sweepId: z.string(), generations: z.array(z.unknown()) })
    .transform(() => others('a search', FROM_ITS_SWEEP)),
  z
    .looseObject({ sweep: z.looseObject({ ranges: z.unknown() }), selection: z.unknown() })
    .transform(() => others('an answer of "slr whatif"', FROM_ITS_SWEEP)),
  z.looseObject({ run: z.unknown(), results: z.unknown() }).transform(() => others('an evaluation')),
  z
    .looseObject({ kind: z.string(), prompts: z.array(z.unknown()), settings: z.unknown() })
    .transform(() => others('a task')),
  z
    .array(z.looseObject({ text: z.string() }))
    .min(1)
    .transform(() => others('a list of prompts')),
  z
    .array(z.looseObject({ name: z.string() }))
    .min(1)
    .transform(() => others('a list of recipes'))
].reduce<z.ZodType<OtherKind>>((found, kind) => found.or(kind), z.never())

/**
 * What to say of a file that could not be read as a sweep.
 *
 * @returns null where the first complaint says it best: the file cannot be read, or holds nothing that is known
 */
export async function insteadOfSweep(file: string, error: unknown): Promise<WorkbenchError | null> {
  // Versions of other documents are counted apart: of a greater one it need not be a newer program's sweep.
  const isRead = error instanceof WorkbenchError && ['bad-file', 'newer-version'].includes(error.problem.code)
  if (!isRead) return null
  const kind = KINDS.safeParse(await readJsonFile(file, SWEEP_FORMAT.maxBytes).catch(() => null))
  if (kind.success)
    return new WorkbenchError('bad-file', `${file} is ${kind.data.is}, not a sweep.`, kind.data.hint)
  return error.problem.hint === undefined
    ? new WorkbenchError('bad-file', error.problem.message, MAKE_ONE)
    : null
}
