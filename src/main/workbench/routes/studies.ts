import { basename } from 'node:path'
import { PROJECT_SUFFIX } from '../../project/project-name'
import { studyOfProject } from '../../study/study-of-project'
import { watchStudy } from '../study-news'
import { route, type Routing } from './route'

/** Studies that the command line runs into open projects. */
export function studyRoutes({ withProject }: Routing) {
  const { studies } = route
  return studies.router({
    watch: studies.watch
      .use(withProject)
      .handler(({ context: { project }, signal }) => watchStudy(project.path, signal)),
    write: studies.write.use(withProject).handler(async ({ context: { project } }) => {
      const name = basename(project.path, PROJECT_SUFFIX)
      const { text, leftOut } = await studyOfProject(name, project)
      return { fileName: `${name}.yaml`, content: text, leftOut }
    })
  })
}
