import { WorkbenchError } from '../../../contract/model/problem'
import { findPairs } from '../../checkpoint/local-pairs'
import { modelFolders } from '../../project/pair/model-folders'
import { isFolder } from '../../base/files/path-kinds'
import { absolutePath } from '../../base/files/places'
import { optionGroup } from '../options/option-group'
import { texts } from '../options/option-kinds'
import { bytes, count, printJson, printShown, remark, table } from '../printing/output'

export const machineOptions = optionGroup('Without a pair:').options({
  in: texts('<folder...>', 'list pairs in these folders instead of the usual ones')
})

/** Lists the pairs of models on this machine. */
export async function listLocalPairs(
  { in: folders = [], json, quiet }: { in?: string[] | undefined; json: boolean; quiet: boolean },
  signal: AbortSignal
): Promise<void> {
  const named = folders.map((path) => absolutePath(path))
  for (const folder of named) {
    if (!(await isFolder(folder))) throw new WorkbenchError('not-found', `There is no folder ${folder}.`)
  }
  const foundPairs = await findPairs(named.length > 0 ? named : await modelFolders(), signal)
  if (json) return printJson('pairs', foundPairs)
  const rows = foundPairs.pairs.map(({ postName, baseName, family, layers, bytes: size, by }) => [
    postName,
    baseName,
    family,
    count(layers),
    bytes(size),
    by
  ])
  if (rows.length === 0) await printShown(`No pair was found in ${foundPairs.folders.join(', ')}.`)
  else await printShown(table([['post', 'base', 'family', 'layers', 'size', 'joined by'], ...rows], 'lllrrl'))
  if (quiet) return
  for (const { folder, reason } of foundPairs.leftOut) remark(`${folder}: ${reason}`)
  if (foundPairs.cutShort) remark('The search was cut short, because there are too many folders.')
}
