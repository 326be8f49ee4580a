import type { SweepDocument } from '../../contract/documents/crc'
import type { PairDocument, PairLocation } from '../../contract/documents/project'
import type { CrcSweepRequest } from '../crc/sweep/prepare-sweep'
import { builtinPromptSet } from '../crc/task/builtin-prompts'
import { newPair } from '../project/documents/pair-list'
import type { ProjectPair } from '../project/pair/project-pair'
import { taskOf } from '../project/results/stored-evaluation'

/** The models that work computes, the defaults of its settings, and the places for its results. */
export interface WorkContext {
  /** Models and defaults. */
  readonly document: Pick<PairDocument, 'location' | 'rendering' | 'settings' | 'recipes' | 'otherCheckpoints'>
  /** Pair of a project that stores the results; null for none. */
  readonly pair: ProjectPair | null
  /** Output file, with the sweep that it already contains; null without one. */
  readonly file: { readonly path: string; readonly sweep: SweepDocument | null } | null
  /** Returns the prompts or task of a sweep whose settings name neither. */
  readonly scored: () => Promise<CrcSweepRequest['prompts']>
}

/** Creates the context of a project's pair. @param location other folders of the same models */
export const projectContext = (
  pair: ProjectPair,
  file: WorkContext['file'] = null,
  location: PairLocation = pair.document.location
): WorkContext => ({
  document: { ...pair.document, location },
  pair,
  file,
  scored: () => nextSweepPrompts(pair)
})

/** Creates the context of models without a project. It has the built-in defaults, but no uniform blends. */
export function folderContext(location: PairLocation, file: WorkContext['file'] = null): WorkContext {
  const document = newPair(location)
  return {
    document: { ...document, settings: { ...document.settings, uniformBlendCount: 0 } },
    pair: null,
    file,
    scored: () => builtinPromptsFor(location)
  }
}

/** Returns the built-in prompts of the character task for a pair. The demo pair has its own. */
export const builtinPromptsFor = ({ kind }: PairLocation): ReturnType<typeof builtinPromptSet> =>
  builtinPromptSet(kind === 'demo' ? 'demo-crc' : 'crc')

/** Returns the prompts or the task of the pair's next sweep. @throws WorkbenchError `not-found` for a removed task */
async function nextSweepPrompts(pair: ProjectPair): Promise<CrcSweepRequest['prompts']> {
  const choice = pair.document.settings.scoredBy
  if (choice.kind === 'crc') return pair.prompts
  const { taskId, sampling, draws } = choice
  return { kind: 'task', task: await taskOf(pair, taskId), sampling, draws }
}
