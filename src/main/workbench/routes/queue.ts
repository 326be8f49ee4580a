import { route, type Routing } from './route'

/** Queued jobs over a project's pairs. */
export function queueRoutes({ jobs, withProject }: Routing) {
  const { queue } = route
  return queue.router({
    add: queue.add
      .use(withProject)
      .handler(async ({ context: { project }, input: { pairs, work, again } }) => ({
        leftOut: await jobs.queue.add(project, pairs, work, again)
      })),
    watch: queue.watch
      .use(withProject)
      .handler(({ context: { project }, signal }) => jobs.queue.watch(project, signal)),
    move: queue.move.use(withProject).handler(async ({ context: { project }, input: { id, place } }) => {
      await jobs.queue.move(project, id, place)
    }),
    remove: queue.remove.use(withProject).handler(async ({ context: { project }, input: { id } }) => {
      await jobs.queue.remove(project, id)
    }),
    retry: queue.retry.use(withProject).handler(async ({ context: { project }, input: { id } }) => {
      await jobs.queue.retry(project, id)
    }),
    pause: queue.pause.use(withProject).handler(async ({ context: { project }, input: { paused } }) => {
      await jobs.queue.pause(project, paused)
    })
  })
}
