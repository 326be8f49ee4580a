import type { EngineVariant } from '../../contract/documents/samples'
import { isExternal } from '../../contract/model/model'
import { modelWordFromText } from '../../contract/model/model-word'
import type { PairFolders } from '../crc/sweep/score-recipes'
import { namedModel } from '../work/named-models'

/**
 * Returns the model that a request names by a word of the command line, such as `4-11`. Returns null for a wrong word,
 * and for files, folders and endpoints, which only the command line may name.
 */
export async function requestedVariant(text: string, folders: PairFolders): Promise<EngineVariant | null> {
  const word = modelWordFromText(text)
  // Without a kind, the word describes an error.
  if (!('kind' in word)) return null
  switch (word.kind) {
    case 'layers':
      if (word.restored.some(({ source }) => source !== null)) return null
      break
    case 'base':
    case 'post':
    case 'few-shot':
    case 'blend':
    case 'baseline':
      break
    default:
      return null
  }
  const variant = await namedModel(word, { folders, checkpoints: [] })
  return isExternal(variant) ? null : variant
}
