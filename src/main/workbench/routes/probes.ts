import { route, type Routing } from './route'

/** What models would say next. */
export function probeRoutes({ jobs, withPair }: Routing) {
  const { probes } = route
  return probes.router({
    next: probes.next
      .use(withPair)
      .handler(({ context: { own }, input: { recipe, prompt, top }, signal }) =>
        jobs.questions.probe(own, { recipe, prompt, top }, signal)
      )
  })
}
