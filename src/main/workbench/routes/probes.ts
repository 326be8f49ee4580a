import { route, type Routing } from './route'

/** What models would say next. */
export function probeRoutes({ jobs, withPair }: Routing) {
  const { probes } = route
  return probes.router({
    next: probes.next.use(withPair).handler(async function* ({
      context: { own },
      input: { recipe, prompt },
      signal
    }) {
      yield* jobs.questions.probe(own, recipe, prompt, signal)
    })
  })
}
