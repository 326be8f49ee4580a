import type { EvaluationView, TaskEntry } from '../../contract/evaluation'
import type { Project } from '../project/project'
import { builtinTasks } from './builtin-tasks'
import { evaluationResults } from './results'

/** Every task that a project can run: its own first. */
export async function tasksOf(project: Project): Promise<TaskEntry[]> {
  const builtin = await builtinTasks()
  return [
    ...(await project.evaluations.tasks()),
    ...builtin.map((task): TaskEntry => ({ task, origin: 'builtin' }))
  ]
}

/**
 * A stored evaluation with what its answers say so far.
 *
 * @param sweepId of the sweep whose scores stand for the proxy; the newest when left out
 * @throws WorkbenchError `not-found`, `bad-file` or `newer-version`
 */
export async function evaluationView(
  project: Project,
  id: string,
  sweepId = project.sweeps[0]?.id
): Promise<EvaluationView> {
  const { run, samples, scores } = await project.evaluations.read(id)
  const sweep = sweepId === undefined ? null : await project.readSweep(sweepId)
  const { prompts, settings } = run.task
  return {
    run,
    results: await evaluationResults({ run, samples, scores, marks: [] }, sweep),
    complete:
      samples.length === run.variants.length * prompts.length * settings.sampleCount &&
      scores.length === prompts.length
  }
}
