import type { SamplePrompts } from '../../contract/documents/task'
import { DEMO_PAIRS } from '../../contract/model/demo-pair'
import type { ProjectPair } from './pair/project-pair'
import { builtinSamplePromptSet } from '../samples/prompts'

/** Returns the sample prompts of the project, or the built-in prompts for the pair until others are saved. */
export async function samplePromptsOf({ document, project }: ProjectPair): Promise<SamplePrompts> {
  const { location } = document
  const builtin = location.kind === 'demo' ? DEMO_PAIRS[location.pair].questions : 'open'
  return project.samplePrompts ?? builtinSamplePromptSet(builtin)
}
