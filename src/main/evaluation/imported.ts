import { SamplePrompts, Task } from '../../contract/documents/task'
import { askSandbox } from '../sandbox/host'

/*
 * Files that a user brings are read where that can be stopped: a table of 20 MB takes a second, in which main would say nothing.
 */

/** @throws WorkbenchError as `readTaskFile`; `bad-file` when it takes too long or too much memory */
export async function importedTask(fileName: string, content: string): Promise<Task> {
  return Task.parse(await imported('task', fileName, content))
}

/** @throws WorkbenchError as `readSamplePrompts`; `bad-file` when it takes too long or too much memory */
export async function importedPrompts(fileName: string, content: string): Promise<SamplePrompts> {
  return SamplePrompts.parse(await imported('prompts', fileName, content))
}

async function imported(as: 'task' | 'prompts', file: string, content: string): Promise<unknown> {
  const reply = await askSandbox({ kind: 'import', as, file, content })
  if (reply.kind !== 'imported') throw new Error(`the sandbox process answered an import with ${reply.kind}`)
  return reply.value
}
