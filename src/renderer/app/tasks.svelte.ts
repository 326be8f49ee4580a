import type { TaskEntry } from '../../contract/documents/evaluation'
import type { Task } from '../../contract/documents/task'
import type { OpenProject } from './open-project.svelte'

/** Reports whether a task's answers can be scored exactly. Answers at the end of longer texts cannot be listed. */
const isScorable = ({ reading, prompts }: Task): boolean =>
  reading.kind !== 'last-number' && prompts.some(({ answers }) => answers !== undefined)

export const scorableTasks = (tasks: readonly TaskEntry[]): Task[] => tasks.map(({ task }) => task).filter(isScorable)

/** Tasks for evaluations and sweeps: built-in tasks, and tasks of the project. */
export class Tasks {
  list = $state.raw<readonly TaskEntry[]>([])

  constructor(private readonly project: OpenProject) {
    project.onChange((state, before) => {
      if (state.saved.tasks !== before.saved.tasks) void this.load()
    })
  }

  async load(): Promise<void> {
    const { here, client } = this.project
    const tasks = await this.project.attempt(() => client.evaluations.tasks(here))
    if (tasks !== null) this.list = tasks
  }

  async save(task: Task): Promise<boolean> {
    const { here, client } = this.project
    const tasks = await this.project.attempt(() => client.evaluations.saveTask({ ...here, task }))
    if (tasks === null) return false
    this.list = tasks
    return true
  }
}
