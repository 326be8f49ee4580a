import protobuf from 'protobufjs'
import { expect, it } from 'vitest'
import { OnnxGraph } from '../../../../src/main/graphs/onnx-model'

/** Numbers and types in onnx.proto of the fields that graphs use. */
const FORMAT = `
  syntax = "proto3";
  message AttributeProto {
    string name = 1; float f = 2; int64 i = 3; bytes s = 4; GraphProto g = 6; repeated int64 ints = 8; int32 type = 20;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated AttributeProto attribute = 5; string domain = 7;
  }
  message StringStringEntryProto { string key = 1; string value = 2; }
  message TensorProto {
    repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
    repeated StringStringEntryProto external_data = 13; int32 data_location = 14;
  }
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message TensorType { int32 elem_type = 1; TensorShapeProto shape = 2; }
  message TypeProto { TensorType tensor_type = 1; }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message OperatorSetIdProto { string domain = 1; int64 version = 2; }
  message ModelProto { int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8; }
`

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
  const Model = protobuf.parse(FORMAT).root.lookupType('ModelProto')
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
