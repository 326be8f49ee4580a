import { listedModels } from '../../endpoint/listed-models'
import { importTask } from '../../evaluation/import-file'
import { allTasks, evaluationView, findingOfRange, saveFailures } from '../../project/results/stored-evaluation'
import { meaningsOf } from '../../evaluation/judge-forms'
import { cancelHandler, route, type Routing, watchHandler } from './route'

export function evaluationRoutes({ jobs, withPair }: Routing) {
  const { evaluations } = route
  return evaluations.router({
    tasks: evaluations.tasks.use(withPair).handler(({ context: { pair } }) => allTasks(pair)),
    readTask: evaluations.readTask.handler(({ input: { fileName, content } }) => importTask(fileName, content)),
    saveTask: evaluations.saveTask.use(withPair).handler(async ({ context: { pair }, input }) => {
      await pair.project.tasks.save(input.task)
      return allTasks(pair)
    }),
    saveFailures: evaluations.saveFailures.use(withPair).handler(async ({ context: { pair }, input }) => {
      const taskId = await saveFailures(pair, input.evaluationId)
      return { taskId, tasks: await allTasks(pair) }
    }),
    start: evaluations.start
      .use(withPair)
      .handler(async ({ context: { pair }, input: { path: _, pair: _pair, ...request } }) => ({
        evaluationId: (await jobs.evaluations.start(pair, request)).id
      })),
    resume: evaluations.resume.use(withPair).handler(async ({ context: { pair }, input }) => ({
      evaluationId: (await jobs.evaluations.resume(pair, input.evaluationId)).id
    })),
    watch: evaluations.watch.use(withPair).handler(watchHandler(jobs.evaluations.table)),
    cancel: evaluations.cancel.use(withPair).handler(cancelHandler(jobs.evaluations.table)),
    get: evaluations.get
      .use(withPair)
      .handler(({ context: { pair }, input: { evaluationId, against }, signal }) =>
        evaluationView(pair, evaluationId, { against, signal })
      ),
    findingOf: evaluations.findingOf
      .use(withPair)
      .handler(({ context: { pair }, input: { sweepId, range } }) => findingOfRange(pair, sweepId, range)),
    judgeModels: evaluations.judgeModels.handler(({ input: { apiKey, ...address }, signal }) =>
      listedModels(address, apiKey ?? null, signal)
    ),
    judge: evaluations.judge
      .use(withPair)
      .handler(({ context: { pair }, input: { evaluationId, settings, apiKey }, signal }) =>
        jobs.evaluations.judge(pair, evaluationId, settings, apiKey, signal)
      ),
    prompt: evaluations.prompt.use(withPair).handler(async ({ context: { pair }, input }) => {
      const { run, scores, forms, ...files } = await pair.evaluations.read(input.evaluationId)
      const samples = files.samples.filter((sample) => sample.prompt === input.prompt)
      return {
        samples,
        scores: scores.find((score) => score.prompt === input.prompt) ?? null,
        meanings: meaningsOf(run, samples, forms)
      }
    })
  })
}
