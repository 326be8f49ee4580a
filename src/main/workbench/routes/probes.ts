import { route, type Routing } from './route'

/** What models would say next. */
export function probeRoutes({ jobs, withProject }: Routing) {
  const { probes } = route
  return probes.router({
    next: probes.next.use(withProject).handler(async function* ({
      context: { project },
      input: { recipe, prompt },
      signal
    }) {
      yield* jobs.questions.probe(project, recipe, prompt, signal)
    })
  })
}
