import { readTaskFile } from '../../evaluation/task-file'
import { allTasks, evaluationView } from '../../project/stored-evaluation'
import { cancelling, route, type Routing, watching } from './route'

/** Open-ended tasks, their evaluations and judges. */
export function evaluationRoutes({ jobs, withProject }: Routing) {
  const { evaluations } = route
  return evaluations.router({
    tasks: evaluations.tasks.use(withProject).handler(({ context: { project } }) => allTasks(project)),
    readTask: evaluations.readTask.handler(({ input: { fileName, content } }) =>
      readTaskFile(fileName, content, undefined)
    ),
    saveTask: evaluations.saveTask.use(withProject).handler(async ({ context: { project }, input }) => {
      await project.evaluations.saveTask(input.task)
      return allTasks(project)
    }),
    start: evaluations.start
      .use(withProject)
      .handler(async ({ context: { project }, input: { path: _, ...request } }) => ({
        evaluationId: await jobs.evaluations.start(project, request)
      })),
    resume: evaluations.resume.use(withProject).handler(async ({ context: { project }, input }) => ({
      evaluationId: await jobs.evaluations.goOn(project, input.evaluationId)
    })),
    watch: evaluations.watch.use(withProject).handler(watching(jobs.evaluations.table)),
    cancel: evaluations.cancel.use(withProject).handler(cancelling(jobs.evaluations.table)),
    list: evaluations.list.use(withProject).handler(({ context: { project } }) => project.evaluations.list()),
    get: evaluations.get
      .use(withProject)
      .handler(({ context: { project }, input: { evaluationId, against } }) =>
        evaluationView(project, evaluationId, against === undefined ? {} : { against })
      ),
    judge: evaluations.judge.use(withProject).handler(async function* ({
      context: { project },
      input: { evaluationId, settings, apiKey },
      signal
    }) {
      yield* jobs.evaluations.judge(project, evaluationId, settings, apiKey, signal)
    }),
    prompt: evaluations.prompt.use(withProject).handler(async ({ context: { project }, input }) => {
      const { samples, scores } = await project.evaluations.read(input.evaluationId)
      return {
        samples: samples.filter((sample) => sample.prompt === input.prompt),
        scores: scores.find((score) => score.prompt === input.prompt) ?? null
      }
    })
  })
}
