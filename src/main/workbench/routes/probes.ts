import { route, type Routing } from './route'

/** Handles the question for the most probable next tokens of a prompt. */
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
