import type { DemoPair } from '../../../contract/model/demo-pair'
import type { Command } from 'commander'
import type { PairLocation } from '../../../contract/documents/project'
import type { ProjectPair } from '../../project/pair/project-pair'
import { pairIfGiven } from '../options/options'
import { remark } from '../printing/output'
import { checkOutputFile, type PairResultFile, WrittenBeside } from './output-file'
import type { WrittenKind } from './replaced-file'
import { openPairToSave, requireSamePair } from './project-to-save'

/** Models of a command, and where its result is saved. */
interface ResultContext {
  /** Null if the command line names no folders. */
  readonly givenPair: PairLocation | null
  readonly projectPair: ProjectPair | null
  readonly output: PairResultFile | null
  /** Prints on stderr, unless quiet. */
  readonly note: (text: string) => void
}

type PathOption = 'base' | 'post' | 'out' | 'project' | 'pair' | 'from' | 'prompts' | 'recipes' | 'variants' | 'task'
interface OutputOptions extends Partial<Record<PathOption, string | undefined>> {
  blendDemo: boolean
  demo?: DemoPair | undefined
  quiet: boolean
  force: boolean
}

/** Opens the project and the file of a result before the work, and closes the project afterwards. */
export async function withResultContext(
  kind: WrittenKind,
  options: OutputOptions,
  command: Command,
  work: (context: ResultContext) => Promise<void>
): Promise<void> {
  const givenPair = await pairIfGiven(options, command)
  const note = options.quiet ? () => undefined : remark
  const projectPair = await openPairToSave(options, command, note)
  try {
    await requireSamePair(givenPair, projectPair)
    const { from, prompts, recipes, variants, task } = options
    const inputs = { from, prompts, recipes, variants, task }
    const output = options.out === undefined ? null : await checkOutputFile(options.out, kind, inputs, options.force)
    await work({ givenPair, projectPair, output, note })
  } finally {
    await projectPair?.project.close()
  }
}

/**
 * Shows a result, waits until it is saved everywhere, and then removes partial results. If one save fails, the other
 * saves still finish.
 */
export async function savedThenShown(
  saving: readonly Promise<unknown>[],
  show: () => Promise<void>,
  forget: () => Promise<void> | undefined = () => undefined
): Promise<void> {
  const saved = await Promise.allSettled(saving)
  await show()
  const failed = saved.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (failed.every((reason) => reason instanceof WrittenBeside)) await forget()
  for (const reason of failed) throw reason
}
