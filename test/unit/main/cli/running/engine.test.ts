import { expect, it } from 'vitest'
import { withEngine, withOneEngine } from '../../../../../src/main/cli/running/engine'
import type { EngineClient } from '../../../../../src/main/engine/host'

it('the parts of a command are lent one engine, and each command another', async () => {
  const lent: EngineClient[] = []
  const part = (): Promise<void> => withEngine(async (engine) => void lent.push(engine))
  await withOneEngine(async () => {
    await part()
    await part()
  })
  await withOneEngine(part)
  await part()
  // A client answers to every name, so that only its identity is compared.
  const [first, second, third, fourth] = lent
  expect([first === second, second === third, third === fourth]).toEqual([true, false, false])
})
