import { builtinPrompts } from '../../crc/task/builtin-prompts'
import { renderPrompts } from '../../crc/task/render-prompts'
import { textModelOf } from './post'
import { route, type Routing } from './route'

/** Prompts of the character task. */
export function promptRoutes({ stateOf, withPair }: Routing) {
  const { prompts } = route
  return prompts.router({
    builtin: prompts.builtin.handler(() => builtinPrompts()),
    save: prompts.save.use(withPair).handler(async ({ context: { own }, input }) => {
      await own.savePrompts(input.prompts, input.seen)
      return stateOf(own)
    }),
    own: prompts.own.use(withPair).handler(async ({ context: { own }, input }) => {
      await own.useOwnPrompts(input.prompts)
      return stateOf(own)
    }),
    render: prompts.render.use(withPair).handler(async ({ context: { own } }) => {
      const { document } = own
      const rendered = await renderPrompts(own.prompts, document.rendering, await textModelOf(document))
      return { prompts: [...rendered.prompts], notices: [...rendered.notices] }
    })
  })
}
