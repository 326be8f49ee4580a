import type { Command } from 'commander'
import type { PairLocation } from '../../../contract/documents/project'
import type { ProjectPair } from '../../project/pair/project-pair'
import { pairIfGiven } from '../options/options'
import { remark } from '../printing/output'
import { checkOutputFile, type ResultFile, WrittenBeside } from './output-file'
import type { WrittenKind } from './replaced-file'
import { openPairToSave, requireSamePair } from './project-to-save'

/** Where the result of a command goes, all of it known to be writable. */
export interface ResultPlaces {
  /** Null when the command line names no pair of folders. */
  readonly givenPair: PairLocation | null
  /** The pair of a project; null when it names none. */
  readonly own: ProjectPair | null
  readonly output: ResultFile | null
  /** Says something on stderr, unless the user wants it quiet. */
  readonly tell: (text: string) => void
}

interface PlaceOptions {
  base?: string | undefined
  post?: string | undefined
  demo: boolean
  quiet: boolean
  out?: string | undefined
  project?: string | undefined
  pair?: string | undefined
  from?: string | undefined
  prompts?: string | undefined
  recipes?: string | undefined
  variants?: string | undefined
  task?: string | undefined
}

/**
 * Opens where a result goes before anything is computed, has the work done, and closes the project.
 *
 * @throws WorkbenchError as {@link openPairToSave}, {@link requireSamePair} and {@link checkOutputFile}; UsageError for half a pair
 */
export async function withResultPlaces(
  kind: WrittenKind,
  options: PlaceOptions,
  command: Command,
  work: (places: ResultPlaces) => Promise<void>
): Promise<void> {
  const givenPair = pairIfGiven(options, command)
  const tell = options.quiet ? () => undefined : remark
  const own = await openPairToSave(options, command, tell)
  try {
    await requireSamePair(givenPair, own)
    const { from, prompts, recipes, variants, task } = options
    const given = { from, prompts, recipes, variants, task }
    const output = options.out === undefined ? null : await checkOutputFile(options.out, kind, given)
    await work({ givenPair, own, output, tell })
  } finally {
    await own?.project.close()
  }
}

/**
 * Waits until a result is in every place that it goes to; one that fails keeps it from no other, nor from being shown.
 *
 * @param forget removes what was kept for going on, once the result is in every place, or beside its file
 */
export async function savedThenShown(
  saving: readonly Promise<unknown>[],
  show: () => Promise<void>,
  forget: () => Promise<void> | undefined = () => undefined
): Promise<void> {
  const saved = await Promise.allSettled(saving)
  await show()
  const failed = saved.flatMap((outcome): unknown[] =>
    outcome.status === 'rejected' ? [outcome.reason] : []
  )
  if (failed.every((reason) => reason instanceof WrittenBeside)) await forget()
  for (const reason of failed) throw reason
}
