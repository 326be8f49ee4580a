import type { SamplePrompts } from '../../contract/documents/task'
import type { ProjectPair } from './pair/project-pair'
import { builtinSamplePromptSet } from '../samples/prompts'

/** Returns the sample prompts of the project, or the built-in prompts for the pair until others are saved. */
export async function samplePromptsOf({ document, project }: ProjectPair): Promise<SamplePrompts> {
  const builtin = document.location.kind === 'demo' ? 'demo-open' : 'open'
  return project.samplePrompts ?? builtinSamplePromptSet(builtin)
}
