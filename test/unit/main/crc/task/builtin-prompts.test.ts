import { expect, test } from 'vitest'
import { builtinPrompts, builtinSetOf } from '../../../../../src/main/crc/task/builtin-prompts'

test('prompts are recognised as a complete built-in set, whatever a sweep adds to each', async () => {
  for (const { id, prompts } of await builtinPrompts()) {
    const swept = prompts.map((prompt) => ({ ...prompt, tokens: [1], key: '' }))
    expect(await builtinSetOf(swept)).toBe(id)
    expect(await builtinSetOf(swept.slice(1))).toBeNull()
  }
})
