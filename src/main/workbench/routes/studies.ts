import { watchStudy } from '../study-news'
import { route, type Routing } from './route'

/** Studies that the command line runs into open projects. */
export function studyRoutes({ withProject }: Routing) {
  const { studies } = route
  return studies.router({
    watch: studies.watch.use(withProject).handler(async function* ({ context: { project }, signal }) {
      yield* watchStudy(project.path, signal)
    })
  })
}
