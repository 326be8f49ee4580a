import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import wabt from 'wabt'
import { elementAt } from '../../../../src/contract/model/look-up'
import { roundFloat32 } from '../../../../src/main/checkpoint/dtype'
import { ADD_ROW, ProductAdder } from '../../../../src/main/checkpoint/product-adder'

it('the WebAssembly bytes of the product adder are those of add-row.wat', async () => {
  const source = await readFile('src/main/checkpoint/add-row.wat', 'utf8')
  const { parseWat } = await wabt()
  const { buffer } = parseWat('add-row.wat', source, { relaxed_simd: true }).toBinary({})
  expect(ADD_ROW.toString('base64')).toBe(Buffer.from(buffer).toString('base64'))
})

/** Exponent of the smallest float32. Each finite float32 is a whole multiple of it. */
const MIN_EXPONENT = -149
const units = (value: number): bigint => {
  const half = 2 ** 75
  return BigInt(value * half * 2 ** (-MIN_EXPONENT - 75))
}

/** Computes a · b + c exactly and rounds the sum to float32 once, to even at ties. */
function fusedMultiplyAdd(a: number, b: number, c: number): number {
  if (![a, b, c].every(Number.isFinite)) return Math.fround(a * b + c)
  const exact = units(a) * units(b) + (units(c) << BigInt(-MIN_EXPONENT))
  const size = exact < 0n ? -exact : exact
  const dropped = BigInt(Math.max(size.toString(2).length - 24, -MIN_EXPONENT))
  const half = 1n << (dropped - 1n)
  const tail = size & ((1n << dropped) - 1n)
  const kept = size >> dropped
  const rounded = kept + (tail > half || (tail === half && (kept & 1n) === 1n) ? 1n : 0n)
  const magnitude = Number(rounded) * 2 ** (Number(dropped) + MIN_EXPONENT) * 2 ** MIN_EXPONENT
  return Math.fround(exact < 0n ? -magnitude : magnitude)
}

interface Product {
  readonly rank: number
  readonly columns: number
  readonly scale: number
  readonly left: Float32Array
  readonly right: Float32Array
  readonly weights: Float32Array
}

/** Computes the sums of weights and a product as documented, in the order of the ranks. */
function referenceSums({ rank, columns, scale, left, right, weights }: Product): Float32Array {
  return weights.map((weight, i) => {
    let sum = 0
    for (let k = 0; k < rank; k++) {
      const row = Math.floor(i / columns)
      const factor = elementAt(right, k * columns + (i % columns), 'right')
      sum = fusedMultiplyAdd(elementAt(left, row * rank + k, 'left'), factor, sum)
    }
    return weight + Math.fround(sum * Math.fround(scale))
  })
}

/** Adds the product to pieces of the weights, which end within rows. */
function addedSums(adder: ProductAdder, { rank, left, right, columns, scale, weights }: Product, bf16: boolean) {
  const stored = new Uint16Array(weights.buffer).filter((_, i) => !bf16 || i % 2 === 1)
  const bytes = new Uint8Array(stored.buffer)
  const [width, factors] = [bf16 ? 2 : 4, { rank, left, right }]
  const piece = Math.ceil((0.7 * bytes.length) / width)
  for (const first of [0, piece])
    adder.add(
      bytes.subarray(width * first, width * (first + piece)),
      bf16 ? 'BF16' : 'F32',
      first,
      columns,
      factors,
      scale
    )
  return stored
}

const withExponent = (exponents: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  fc
    .tuple(fc.boolean(), fc.integer({ min: 2 ** 23, max: 2 ** 24 - 1 }), exponents)
    .map(([negative, mantissa, exponent]) => Math.fround((negative ? -mantissa : mantissa) * 2 ** exponent))
/** Values of one size, which cancel often, of any size with overflows, and of products near the smallest float32. */
const values = fc.constantFrom(
  withExponent(fc.constant(-23)),
  fc.constantFrom(1 + 2 ** -12, -1 - 2 ** -12, 1 + 2 ** -23, -1, 0, 2 ** -12),
  withExponent(fc.integer({ min: -149, max: 104 })),
  withExponent(fc.integer({ min: -99, max: -95 }))
)
const product: fc.Arbitrary<Product> = fc
  .record({ value: values, rank: fc.constantFrom(1, 2, 3, 16, 256), columns: fc.constantFrom(1, 5, 16, 17) })
  .chain(({ value, rank, columns }) => {
    const matrix = (size: number): fc.Arbitrary<Float32Array> =>
      fc.array(value, { minLength: size, maxLength: size }).map((list) => Float32Array.from(list))
    const rows = 3
    return fc.record({
      rank: fc.constant(rank),
      columns: fc.constant(columns),
      scale: fc.constantFrom(1, 2, 0.1, -1.7),
      left: matrix(rows * rank),
      right: matrix(rank * columns),
      weights: matrix(rows * columns)
    })
  })

const canonical = (sums: Float32Array): number[] => [...new Int32Array(sums.buffer)]

describe('the sums of weights and a product', () => {
  it('are rounded once per rank, in float32', () => {
    expect(new ProductAdder().isFused).toBe(true)
    fc.assert(
      fc.property(product, (given) => {
        const sums = new Float32Array(addedSums(new ProductAdder(), given, false).buffer)
        expect(sums).toEqual(referenceSums(given))
      }),
      { numRuns: 60 }
    )
  })

  it('are rounded to bfloat16 as all other values are', () => {
    fc.assert(
      fc.property(product, (given) => {
        const weights = Float32Array.from(given.weights)
        new Int32Array(weights.buffer).forEach((bits, i, all) => (all[i] = bits & 0xffff0000))
        const sums = referenceSums({ ...given, weights })
        roundFloat32(sums, 'BF16')
        const halves = addedSums(new ProductAdder(), { ...given, weights }, true)
        expect([...halves]).toEqual(canonical(sums).map((bits) => bits >>> 16))
      }),
      { numRuns: 60 }
    )
  })

  it('are the same without fused multiply-adds', () => {
    fc.assert(
      fc.property(product, fc.boolean(), (given, bf16) => {
        const sums = [true, false].map((mayFuse) => addedSums(new ProductAdder(mayFuse), given, bf16))
        expect(sums[1]).toEqual(sums[0])
      }),
      { numRuns: 60 }
    )
  })
})
