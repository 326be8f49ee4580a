import type { SamplePrompts } from '../../contract/documents/task'
import type { Project } from './project'
import { builtinSamplePromptSet } from '../samples/prompts'

/** A project's sample prompts: the built-in ones that suit its pair until others are saved. */
export async function samplePromptsOf({ document, samplePrompts }: Project): Promise<SamplePrompts> {
  return samplePrompts ?? builtinSamplePromptSet(document.pair.kind === 'demo' ? 'demo-open' : 'open')
}
