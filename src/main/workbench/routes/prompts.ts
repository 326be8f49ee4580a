import { builtinPrompts } from '../../crc/task/builtin-prompts'
import { renderPrompts } from '../../crc/task/render-prompts'
import { textModelOf } from './post'
import { route, type Routing } from './route'

/** Prompts of the character task. */
export function promptRoutes({ stateOf, withProject }: Routing) {
  const { prompts } = route
  return prompts.router({
    builtin: prompts.builtin.handler(() => builtinPrompts()),
    save: prompts.save.use(withProject).handler(async ({ context: { project }, input }) => {
      await project.savePrompts(input.prompts, input.seen)
      return stateOf(project)
    }),
    render: prompts.render.use(withProject).handler(async ({ context: { project } }) => {
      const { document, prompts: own } = project
      const rendered = await renderPrompts(own, document.rendering, await textModelOf(document))
      return { prompts: [...rendered.prompts], notices: [...rendered.notices] }
    })
  })
}
