import { builtinPrompts } from '../../crc/task/builtin-prompts'
import { renderPrompts } from '../../crc/task/render-prompts'
import { postTextModel } from './post'
import { route, type Routing } from './route'

export function promptRoutes({ stateOf, withPair }: Routing) {
  const { prompts } = route
  return prompts.router({
    builtin: prompts.builtin.handler(() => builtinPrompts()),
    save: prompts.save.use(withPair).handler(async ({ context: { pair }, input }) => {
      return stateOf(pair, await pair.savePrompts(input.prompts, input.seen))
    }),
    separate: prompts.separate.use(withPair).handler(async ({ context: { pair }, input }) => {
      return stateOf(pair, await pair.useSeparatePrompts(input.prompts))
    }),
    render: prompts.render.use(withPair).handler(async ({ context: { pair } }) => {
      const { document } = pair
      const rendered = await renderPrompts(pair.prompts, document.rendering, await postTextModel(document))
      return { prompts: [...rendered.prompts], notices: [...rendered.notices] }
    })
  })
}
