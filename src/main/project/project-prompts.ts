import type { SamplePrompts } from '../../contract/documents/task'
import type { ProjectPair } from './pair/project-pair'
import { builtinSamplePromptSet } from '../samples/prompts'

/** The sample prompts of a pair: the built-in ones that suit it until others are saved for the project. */
export async function samplePromptsOf({ document, project }: ProjectPair): Promise<SamplePrompts> {
  const suits = document.location.kind === 'demo' ? 'demo-open' : 'open'
  return project.samplePrompts ?? builtinSamplePromptSet(suits)
}
