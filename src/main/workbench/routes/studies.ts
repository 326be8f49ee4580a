import { watchStudy } from '../study-news'
import { route, type Routing } from './route'

/** Routes for studies that the command line runs into open projects. */
export function studyRoutes({ withProject }: Routing) {
  const { studies } = route
  return studies.router({
    watch: studies.watch
      .use(withProject)
      .handler(({ context: { project }, signal }) => watchStudy(project.path, signal))
  })
}
