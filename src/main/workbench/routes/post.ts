import type { PairDocument } from '../../../contract/documents/project'
import { resolveModelFolder } from '../../checkpoint/model-folder'
import { pairPaths } from '../../project/demo'
import { recentTextModel } from '../../text/recent-text-models'
import type { TextModel } from '../../text/text-model'

/** Returns the folder of a project's post. */
export function postFolder({ location }: PairDocument): Promise<string> {
  return resolveModelFolder(pairPaths(location).post)
}

/** Returns the tokenizer and chat template of a project's post. */
export async function textModelOf(document: PairDocument): Promise<TextModel> {
  return recentTextModel(await postFolder(document))
}
