import type { TaskEntry } from '../../../contract/documents/evaluation'
import type { Task } from '../../../contract/documents/task'
import type { RunChange } from '../../base/files/serial-queue'
import { TASKS } from '../documents/stored-documents'

/** The tasks of a project, which all its pairs share. They are read from the disk at each request. */
export class ProjectTasks {
  constructor(
    private readonly folder: string,
    private readonly change: RunChange,
    private readonly onSave: () => void
  ) {}

  /** Lists the tasks by name. Unreadable tasks are omitted. */
  async list(): Promise<TaskEntry[]> {
    const { documents } = await TASKS.list(this.folder)
    return documents.toSorted((a, b) => a.name.localeCompare(b.name)).map((task) => ({ task, origin: 'project' }))
  }

  async save(task: Task): Promise<void> {
    await this.change(() => TASKS.write(this.folder, task))
    this.onSave()
  }
}
