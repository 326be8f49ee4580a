import { listedModels } from '../../endpoint/listed-models'
import { importTask } from '../../evaluation/import-file'
import {
  allTasks,
  evaluationView,
  findingOfRange,
  saveFailures
} from '../../project/results/stored-evaluation'
import { meaningsOf } from '../../evaluation/judge-forms'
import { cancelling, route, type Routing, watching } from './route'

/** Open-ended tasks, their evaluations and judges. */
export function evaluationRoutes({ jobs, withPair }: Routing) {
  const { evaluations } = route
  return evaluations.router({
    tasks: evaluations.tasks.use(withPair).handler(({ context: { own } }) => allTasks(own)),
    readTask: evaluations.readTask.handler(({ input: { fileName, content } }) =>
      importTask(fileName, content)
    ),
    saveTask: evaluations.saveTask.use(withPair).handler(async ({ context: { own }, input }) => {
      await own.project.tasks.save(input.task)
      return allTasks(own)
    }),
    saveFailures: evaluations.saveFailures.use(withPair).handler(async ({ context: { own }, input }) => {
      const taskId = await saveFailures(own, input.evaluationId)
      return { taskId, tasks: await allTasks(own) }
    }),
    start: evaluations.start
      .use(withPair)
      .handler(async ({ context: { own }, input: { path: _, pair: _pair, ...request } }) => ({
        evaluationId: (await jobs.evaluations.start(own, request)).id
      })),
    resume: evaluations.resume.use(withPair).handler(async ({ context: { own }, input }) => ({
      evaluationId: (await jobs.evaluations.goOn(own, input.evaluationId)).id
    })),
    watch: evaluations.watch.use(withPair).handler(watching(jobs.evaluations.table)),
    cancel: evaluations.cancel.use(withPair).handler(cancelling(jobs.evaluations.table)),
    get: evaluations.get
      .use(withPair)
      .handler(({ context: { own }, input: { evaluationId, against }, signal }) =>
        evaluationView(own, evaluationId, { against, signal })
      ),
    findingOf: evaluations.findingOf
      .use(withPair)
      .handler(({ context: { own }, input: { sweepId, range } }) => findingOfRange(own, sweepId, range)),
    judgeModels: evaluations.judgeModels.handler(({ input: { apiKey, ...address }, signal }) =>
      listedModels(address, apiKey ?? null, signal)
    ),
    judge: evaluations.judge
      .use(withPair)
      .handler(({ context: { own }, input: { evaluationId, settings, apiKey }, signal }) =>
        jobs.evaluations.judge(own, evaluationId, settings, apiKey, signal)
      ),
    prompt: evaluations.prompt.use(withPair).handler(async ({ context: { own }, input }) => {
      const { run, scores, forms, ...files } = await own.evaluations.read(input.evaluationId)
      const samples = files.samples.filter((sample) => sample.prompt === input.prompt)
      return {
        samples,
        scores: scores.find((score) => score.prompt === input.prompt) ?? null,
        meanings: meaningsOf(run, samples, forms)
      }
    })
  })
}
