import { expect, it } from 'vitest'
import { requireNamedModel } from '../../../../src/main/endpoint/named-model'

const asked = { model: 'gpt-4o', anyModel: false, baseUrl: 'https://models.example/v1' }

it('takes a reply of the model that was named, of one that leaves its name out, and of what the name stood for on a day', () => {
  for (const said of ['gpt-4o', undefined, null, 'gpt-4o-2024-08-06', 'gpt-4o-20240806'])
    expect(() => requireNamedModel(asked, said, 'The judge')).not.toThrow()
})

it('refuses that of another model, also of a longer name, unless any will do', () => {
  for (const said of ['gpt-4', 'gpt-4o-mini', 'gpt-4o-mini-2024-07-18', 'my-gpt-4o']) {
    expect(() => requireNamedModel(asked, said, 'The judge')).toThrow(
      `The judge at https://models.example/v1 answered as "${said}", not as "gpt-4o".`
    )
    expect(() => requireNamedModel({ ...asked, anyModel: true }, said, 'The judge')).not.toThrow()
  }
})
