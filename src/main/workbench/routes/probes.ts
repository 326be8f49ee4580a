import { route, type Routing } from './route'

export function probeRoutes({ jobs, withPair }: Routing) {
  const { probes } = route
  return probes.router({
    next: probes.next
      .use(withPair)
      .handler(({ context: { pair }, input: { recipe, prompt, top }, signal }) =>
        jobs.questions.probe(pair, { recipe, prompt, top }, signal)
      )
  })
}
