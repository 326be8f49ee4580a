import { SamplePrompts, Task } from '../../contract/documents/task'
import { askSandbox } from '../sandbox/host'

/* Imported files are read in the sandbox process, because a table of 20 MB would block main for a second. */

/** Imports a task. @throws WorkbenchError as `readTaskFile`; `bad-file` when it takes too long or too much memory */
export async function importTask(fileName: string, content: string): Promise<Task> {
  return Task.parse(await importFile('task', fileName, content))
}

/** Imports sample prompts. @throws WorkbenchError as {@link importTask} */
export async function importPrompts(fileName: string, content: string): Promise<SamplePrompts> {
  return SamplePrompts.parse(await importFile('prompts', fileName, content))
}

async function importFile(as: 'task' | 'prompts', file: string, content: string): Promise<unknown> {
  return (await askSandbox({ kind: 'import', as, file, content }, 'imported')).value
}
