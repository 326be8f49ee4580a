import type { TaskEntry } from '../../../contract/documents/evaluation'
import type { Task } from '../../../contract/documents/task'
import type { RunChange } from '../../base/files/serial-queue'
import { readTasks } from '../documents/evaluation-files'
import { TASKS } from '../documents/stored-documents'

/** The tasks that a project has of its own, for all its pairs. They are read when they are asked for. */
export class ProjectTasks {
  constructor(
    private readonly folder: string,
    private readonly change: RunChange,
    private readonly saved: () => void
  ) {}

  /** By name. */
  async list(): Promise<TaskEntry[]> {
    const { tasks } = await readTasks(this.folder)
    return tasks.map((task) => ({ task, origin: 'project' }))
  }

  /** Replaces an earlier task of the same id. @throws WorkbenchError `bad-input`, `read-only` */
  async save(task: Task): Promise<void> {
    await this.change(() => TASKS.write(this.folder, task))
    this.saved()
  }
}
