import { join } from 'node:path'
import protobuf from 'protobufjs'
import { expect, it } from 'vitest'
import { OnnxGraph } from '../../../../src/main/graphs/onnx-model'

const FORMAT = join(import.meta.dirname, '../../../fixtures/onnx.proto')

/** One of everything that a graph can hold. */
function graphOfAll(): OnnxGraph {
  const graph = new OnnxGraph('all')
  const value = graph.input('value', 'float32', ['rows', 4, 0])
  const held = graph.externalConstant('held', 'float16', [4, 4], { file: 'w', offset: 0, byteLength: 32 })
  const branch = graph.branch('then')
  branch.output(branch.cast('half', value, 'float16'), 'half', ['rows', 4, 0], 'float16')
  const chosen = graph.node('chosen', 'If', [graph.constant('sure', 1)], { then_branch: { graph: branch } })
  const rotated = graph.node('rotated', 'RotaryEmbedding', [value, '', held], {
    scale: { float: 0.5 },
    interleaved: { int: 0 },
    axis: { int: -1 },
    mode: { string: 'linear' },
    axes: { ints: [0, -2, 2 ** 40] }
  })
  graph.output(graph.reshape('flat', rotated, [-1]), 'out', ['rows'])
  graph.output(chosen, chosen, ['rows', 4, 0], 'float16')
  return graph
}

it('encodes a graph byte for byte as an encoder made from the format does', () => {
  const Model = protobuf.loadSync(FORMAT).lookupType('ModelProto')
  const bytes = graphOfAll().encode()
  const read = Model.decode(bytes)
  expect(Buffer.compare(bytes, Model.encode(read).finish())).toBe(0)
  const { graph } = Model.toObject(read, { longs: Number, bytes: String })
  expect(graph).toMatchObject({
    name: 'all',
    input: [
      {
        name: 'value',
        type: {
          tensorType: {
            elemType: 1,
            shape: { dim: [{ dimParam: 'rows' }, { dimValue: 4 }, { dimValue: 0 }] }
          }
        }
      }
    ],
    initializer: [
      {
        name: 'held',
        dims: [4, 4],
        dataType: 10,
        externalData: [
          { key: 'location', value: 'w' },
          { key: 'offset', value: '0' },
          { key: 'length', value: '32' }
        ],
        dataLocation: 1
      },
      { name: 'sure', rawData: Buffer.from(Float32Array.of(1).buffer).toString('base64') },
      { name: 'flat/shape', dims: [1], dataType: 7 }
    ],
    node: [
      {
        name: 'chosen',
        opType: 'If',
        attribute: [{ name: 'then_branch', g: { node: [{ opType: 'Cast' }, {}] } }]
      },
      {
        domain: 'com.microsoft',
        input: ['value', '', 'held'],
        attribute: [
          { name: 'scale', type: 1, f: 0.5 },
          { name: 'interleaved', type: 2 },
          { name: 'axis', type: 2, i: -1 },
          { name: 'mode', type: 3, s: Buffer.from('linear').toString('base64') },
          { name: 'axes', type: 7, ints: [0, -2, 2 ** 40] }
        ]
      },
      { opType: 'Reshape' },
      { opType: 'Identity', output: ['out'] }
    ]
  })
})
