import type { PairDocument } from '../../../contract/documents/project'
import { postTextFolder } from '../../checkpoint/model-folder'
import { pairPaths } from '../../project/demo'
import { recentTextModel } from '../../text/recent-text-models'
import type { TextModel } from '../../text/text-model'

/** Returns the folder that has the tokenizer and sampling settings of a pair's post model. */
export function textFolder({ location }: PairDocument): Promise<string> {
  return postTextFolder(pairPaths(location))
}

/** Returns the tokenizer and chat template of a pair's post model. */
export async function postTextModel(document: PairDocument): Promise<TextModel> {
  return recentTextModel(await textFolder(document))
}
