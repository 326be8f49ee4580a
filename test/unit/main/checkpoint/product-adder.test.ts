import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import wabt from 'wabt'
import { ADD_ROW } from '../../../../src/main/checkpoint/product-adder'

it('the WebAssembly bytes of the product adder are those of add-row.wat', async () => {
  const source = await readFile('src/main/checkpoint/add-row.wat', 'utf8')
  const { parseWat } = await wabt()
  const { buffer } = parseWat('add-row.wat', source).toBinary({})
  expect(ADD_ROW.toString('base64')).toBe(Buffer.from(buffer).toString('base64'))
})
