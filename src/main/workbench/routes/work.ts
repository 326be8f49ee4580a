import { route, type Routing } from './route'

/** Handles the procedures of a project's queue. */
export function workRoutes({ jobs, withProject }: Routing) {
  const { work: procedures } = route
  return procedures.router({
    add: procedures.add
      .use(withProject)
      .handler(async ({ context: { project }, input: { pairs, work, taskName, again } }) => ({
        leftOut: await jobs.queue.add(project, pairs, { work, taskName }, again)
      })),
    watch: procedures.watch
      .use(withProject)
      .handler(({ context: { project }, signal }) => jobs.queue.watch(project, signal)),
    move: procedures.move.use(withProject).handler(async ({ context: { project }, input: { id, position } }) => {
      await jobs.queue.move(project, id, position)
    }),
    remove: procedures.remove.use(withProject).handler(async ({ context: { project }, input: { id } }) => {
      await jobs.queue.remove(project, id)
    }),
    retry: procedures.retry.use(withProject).handler(async ({ context: { project }, input: { id } }) => {
      await jobs.queue.retry(project, id)
    }),
    pause: procedures.pause.use(withProject).handler(async ({ context: { project }, input: { paused } }) => {
      await jobs.queue.pause(project, paused)
    })
  })
}
