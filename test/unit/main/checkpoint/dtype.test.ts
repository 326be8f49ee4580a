import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import {
  decodeFloat32,
  encodeFloat32,
  roundFloat32,
  weightDtype,
  type WeightDtype
} from '../../../../src/main/checkpoint/dtype'
import { decodeFloat, encodeFloat, FLOAT_FORMATS } from '../../../fixtures/float-formats'

const HALVES = ['F16', 'BF16'] as const
const F32 = FLOAT_FORMATS.F32

/** Every finite, infinite and NaN float32, subnormals and ties as likely as any other bit pattern. */
const anyFloat32 = fc
  .oneof(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    // Around the values and midpoints of both short formats, where rounding decides.
    fc
      .tuple(
        fc.integer({ min: 0, max: 0xffff }),
        fc.constantFrom(0, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7fff, 0x8000, 0x8001)
      )
      .map(([high, low]) => high * 2 ** 16 + low),
    // The halves' subnormals lie between 2^-25 and 2^-14.
    fc.tuple(fc.boolean(), fc.integer({ min: 0x33000000 - 2, max: 0x38800002 })).map(([negative, bits]) => {
      return negative ? bits + 2 ** 31 : bits
    })
  )
  .map((bits) => decodeFloat(bits, F32))

function encodeAll(values: readonly number[], dtype: WeightDtype): Uint8Array {
  const size = dtype === 'F32' ? 4 : 2
  const bytes = Buffer.alloc(values.length * size)
  values.forEach((value, i) => bytes.writeUIntLE(encodeFloat(value, FLOAT_FORMATS[dtype]), i * size, size))
  return bytes
}

function decodeAll(bytes: Uint8Array, dtype: WeightDtype): number[] {
  const target = new Float32Array(bytes.byteLength / (dtype === 'F32' ? 4 : 2))
  decodeFloat32(bytes, dtype, target)
  return [...target]
}

describe('decoding stored weights', () => {
  test.each(HALVES)('gives the value of each of the 65,536 bit patterns of %s', (dtype) => {
    const patterns = Uint16Array.from({ length: 65_536 }, (_, bits) => bits)
    const expected = [...patterns].map((bits) => decodeFloat(bits, FLOAT_FORMATS[dtype]))
    expect(decodeAll(new Uint8Array(patterns.buffer), dtype)).toEqual(expected)
  })

  test('knows well-known values', () => {
    expect(decodeAll(Uint8Array.of(0x80, 0x3f, 0x49, 0xc0), 'BF16')).toEqual([1, -3.140625])
    expect(decodeAll(Uint8Array.of(0x00, 0x3c, 0xff, 0x7b, 0x01, 0x00), 'F16')).toEqual([1, 65_504, 2 ** -24])
    expect(decodeAll(Uint8Array.of(0, 0, 0x80, 0x3f), 'F32')).toEqual([1])
  })

  test('works from any alignment, into any part of a buffer, for odd and even counts', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<WeightDtype>('F32', 'F16', 'BF16'),
        fc.array(fc.integer({ min: -240, max: 240 }), { maxLength: 9 }),
        fc.nat(7),
        fc.nat(3),
        (dtype, values, sourceShift, targetShift) => {
          const stored = encodeAll(values, dtype)
          const source = new Uint8Array(stored.byteLength + sourceShift + 3)
          source.set(stored, sourceShift)
          const target = new Float32Array(values.length + targetShift + 1).fill(7)
          decodeFloat32(
            source.subarray(sourceShift, sourceShift + stored.byteLength),
            dtype,
            target.subarray(targetShift, targetShift + values.length)
          )
          const untouched = new Array<number>(targetShift).fill(7)
          expect([...target]).toEqual([...untouched, ...values, 7])
        }
      )
    )
  })

  test('refuses bytes that do not fill the target', () => {
    expect(() => {
      decodeFloat32(new Uint8Array(6), 'BF16', new Float32Array(4))
    }).toThrow(/6 bytes of BF16 do not fill 4/)
  })
})

describe('rounding to the stored dtype', () => {
  test.each(HALVES)('is to the nearest %s, ties to even, for every kind of float32', (dtype) => {
    fc.assert(
      fc.property(fc.array(anyFloat32, { minLength: 1, maxLength: 50 }), (values) => {
        const rounded = Float32Array.from(values)
        roundFloat32(rounded, dtype)
        const expected = values.map((value) =>
          decodeFloat(encodeFloat(value, FLOAT_FORMATS[dtype]), FLOAT_FORMATS[dtype])
        )
        expect([...rounded]).toEqual(expected)
      }),
      { numRuns: 2000 }
    )
  })

  test.each(HALVES)('leaves every value that %s can store unchanged', (dtype) => {
    const stored = Float32Array.from({ length: 65_536 }, (_, bits) => decodeFloat(bits, FLOAT_FORMATS[dtype]))
    const rounded = stored.slice()
    roundFloat32(rounded, dtype)
    expect(rounded).toEqual(stored)
  })

  test.each([
    ['F16', 1 + 2 ** -11, 1], // ties
    ['F16', 1 + 3 * 2 ** -11, 1 + 2 ** -9],
    ['F16', 65_519, 65_504],
    ['F16', 65_520, Infinity], // half way to the next power: even is infinity
    ['F16', -1e9, -Infinity],
    ['F16', 2 ** -25, 0], // half of the smallest subnormal: even is zero
    ['F16', -(2 ** -25), -0],
    ['F16', 2 ** -25 + 2 ** -48, 2 ** -24],
    ['F16', -(2 ** -149), -0],
    ['F16', 2 ** -14 - 2 ** -26, 2 ** -14], // a subnormal that rounds up to the smallest normal
    ['F16', -Infinity, -Infinity],
    ['F16', NaN, NaN],
    ['BF16', 1 + 2 ** -8, 1], // ties
    ['BF16', 1 + 3 * 2 ** -8, 1 + 2 ** -6],
    ['BF16', 3.4028234663852886e38, Infinity], // the largest float32
    ['BF16', -(2 ** -134), -0],
    ['BF16', 2 ** -133, 2 ** -133],
    ['BF16', -0, -0],
    ['BF16', Infinity, Infinity],
    ['BF16', NaN, NaN],
    ['F32', 1 + 2 ** -23, 1 + 2 ** -23]
  ] as const)('to %s of %f is %f', (dtype, value, expected) => {
    const values = Float32Array.of(value)
    roundFloat32(values, dtype)
    expect(values[0]).toBe(expected)
  })

  test('keeps NaNs that a cut mantissa would turn into infinity', () => {
    const bits = Int32Array.of(0x7f800001, 0xff800001)
    const values = new Float32Array(bits.buffer)
    roundFloat32(values, 'BF16')
    expect([...values]).toEqual([NaN, NaN])
    bits.set([0x7f800001, 0xff800001])
    roundFloat32(values, 'F16')
    expect([...values]).toEqual([NaN, NaN])
  })
})

describe('the dtype to compute from', () => {
  test('is that of unquantised weights', () => {
    expect(weightDtype({ name: 'w', dtype: 'BF16', file: '/m.safetensors' })).toBe('BF16')
  })

  test.each(['F8_E4M3', 'I8', 'F64', 'U8', 'BOOL'])('is refused for %s, naming file, tensor and dtype', (dtype) => {
    const read = (): unknown => weightDtype({ name: 'model.norm.weight', dtype, file: '/m.safetensors' })
    expect(read).toThrow(WorkbenchError)
    expect(read).toThrow(`/m.safetensors: tensor "model.norm.weight" is stored as ${dtype}, expected F32, F16 or BF16.`)
  })
})

describe('storing rounded values', () => {
  test.each(HALVES)('gives back each of the bit patterns of %s, NaN as the quiet one', (dtype) => {
    const patterns = Uint16Array.from({ length: 65_536 }, (_, bits) => bits)
    const values = new Float32Array(patterns.length)
    decodeFloat32(new Uint8Array(patterns.buffer), dtype, values)
    roundFloat32(values, dtype)
    const stored = new Uint16Array(patterns.length)
    encodeFloat32(values, dtype, new Uint8Array(stored.buffer))
    const quietNan = dtype === 'F16' ? 0x7e00 : 0x7fc0
    const expected = patterns.map((bits, i) => (Number.isNaN(values[i]) ? quietNan : bits))
    expect(Buffer.compare(Buffer.from(stored.buffer), Buffer.from(expected.buffer))).toBe(0)
  })

  test('keeps float32 unchanged, at any place of a buffer', () => {
    const target = new Uint8Array(11)
    encodeFloat32(Float32Array.of(1, -3.140625), 'F32', target.subarray(3))
    expect(decodeAll(target.subarray(3), 'F32')).toEqual([1, -3.140625])
  })

  test('refuses a target of another size', () => {
    expect(() => {
      encodeFloat32(new Float32Array(4), 'BF16', new Uint8Array(6))
    }).toThrow(/4 values do not fill 6 bytes of BF16/)
  })
})
