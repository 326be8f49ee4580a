import { MAX_TASK_CHARACTERS } from '../../contract/documents/task'
import { fileError } from '../../contract/model/problem'
import { formatBytes } from './format'

/** Reads a file that is sent to main. @throws WorkbenchError `bad-file` when a message cannot contain it */
export async function textOfFile(file: File): Promise<string> {
  if (file.size <= MAX_TASK_CHARACTERS) return file.text()
  const limit = formatBytes(MAX_TASK_CHARACTERS)
  throw fileError(`${file.name} has ${formatBytes(file.size)}; at most ${limit} are read.`, 'Select a smaller file.')
}
