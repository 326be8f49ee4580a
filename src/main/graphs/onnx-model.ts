import protobuf from 'protobufjs'
import { at } from '../../contract/model/look-up'

/**
 * The part of the ONNX format (onnx.proto, IR version 10) that block graphs use, enough to write a model: nodes,
 * small constants, inputs and outputs. Field numbers are the format's.
 */
const ONNX = protobuf.parse(`
  syntax = "proto3";
  package onnx;
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
`).root
const ModelProto = ONNX.lookupType('onnx.ModelProto')

const IR_VERSION = 10
const OPSET_VERSION = 21
const ELEMENT_TYPES = { float32: 1, uint8: 2, int64: 7, float16: 10, float64: 11 } as const
export type ElementType = keyof typeof ELEMENT_TYPES
/** TensorProto.data_location of data outside the model. */
const EXTERNAL = 1
/** AttributeProto.type values. */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const

/** A fixed size, or the name of a size known only when the graph runs. */
export type Dimension = number | string

export type Attribute =
  { float: number } | { int: number } | { string: string } | { ints: number[] } | { graph: OnnxGraph }

interface Value {
  name: string
  type: { tensorType: { elemType: number; shape: { dim: ({ dimValue: number } | { dimParam: string })[] } } }
}

interface GraphParts {
  readonly nodes: object[]
  readonly initializers: object[]
  readonly inputs: Value[]
  readonly outputs: Value[]
}

/**
 * Collects the nodes of one graph. Node names are paths ("attention/q_proj/Gemm"), so that an error of the runtime
 * says where it happened; a node's output carries the node's name.
 */
export class OnnxGraph {
  constructor(
    private readonly name: string,
    private readonly parts: GraphParts = { nodes: [], initializers: [], inputs: [], outputs: [] },
    private readonly scope = ''
  ) {}

  /** The same graph; constants and nodes that are added through what is returned have `scope` before their names. */
  within(scope: string): OnnxGraph {
    return new OnnxGraph(this.name, this.parts, `${this.scope}${scope}/`)
  }

  /** A graph of its own for an attribute of a node of this one, whose values it may use; `scope` is before all its names. */
  branch(scope: string): OnnxGraph {
    const parts = { nodes: [], initializers: [], inputs: [], outputs: [] }
    return new OnnxGraph(this.scope + scope, parts, `${this.scope}${scope}/`)
  }

  input(name: string, type: ElementType, dims: readonly Dimension[]): string {
    this.parts.inputs.push(describeValue(name, type, dims))
    return name
  }

  /**
   * Makes the value `from` an output of the graph under the name `to`. Where that is its own name, the node that makes
   * it writes into the output itself.
   */
  output(from: string, to: string, dims: readonly Dimension[], type: ElementType = 'float32'): void {
    if (from !== to)
      this.parts.nodes.push({ opType: 'Identity', name: `output/${to}`, input: [from], output: [to] })
    this.parts.outputs.push(describeValue(to, type, dims))
  }

  /** A number alone is float32. */
  constant(
    name: string,
    value: number | Float32Array | Float64Array | BigInt64Array,
    dims?: readonly number[]
  ): string {
    const data = typeof value === 'number' ? Float32Array.of(value) : value
    this.parts.initializers.push({
      name: this.scope + name,
      dims: dims ?? (typeof value === 'number' ? [] : [data.length]),
      dataType: ELEMENT_TYPES[elementType(data)],
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    })
    return this.scope + name
  }

  /** A constant whose little-endian bytes are given to the session under a file name. */
  externalConstant(
    name: string,
    type: ElementType,
    dims: readonly number[],
    { file, offset, byteLength }: { file: string; offset: number; byteLength: number }
  ): string {
    const entries = { location: file, offset: String(offset), length: String(byteLength) }
    this.parts.initializers.push({
      name: this.scope + name,
      dims,
      dataType: ELEMENT_TYPES[type],
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
      dataLocation: EXTERNAL
    })
    return this.scope + name
  }

  /** Adds a node with one output and returns that output's name. */
  node(
    path: string,
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {}
  ): string {
    return at(this.split(path, op, inputs, 1, attributes), 0, 'output')
  }

  /** Adds a node with several outputs. */
  split(
    path: string,
    op: string,
    inputs: readonly string[],
    outputCount: number,
    attributes: Record<string, Attribute> = {}
  ): string[] {
    const name = this.scope + path
    const output = Array.from({ length: outputCount }, (_, i) => (outputCount === 1 ? name : `${name}:${i}`))
    this.parts.nodes.push({
      opType: op,
      name,
      domain: MICROSOFT_OPS.has(op) ? 'com.microsoft' : '',
      input: inputs,
      output,
      attribute: Object.entries(attributes).map(([key, value]) => encodeAttribute(key, value))
    })
    return output
  }

  /** Reshape to constant sizes; one may be -1. */
  reshape(path: string, value: string, dims: readonly number[]): string {
    const shape = this.constant(`${path}/shape`, BigInt64Array.from(dims, BigInt))
    return this.node(path, 'Reshape', [value, shape])
  }

  cast(path: string, value: string, type: ElementType): string {
    return this.node(path, 'Cast', [value], { to: { int: ELEMENT_TYPES[type] } })
  }

  /** The model as bytes for an inference session. */
  encode(): Uint8Array {
    const model = ModelProto.fromObject({
      irVersion: IR_VERSION,
      producerName: 'slr-workbench',
      opsetImport: [
        { domain: '', version: OPSET_VERSION },
        { domain: 'com.microsoft', version: 1 }
      ],
      graph: this.message()
    })
    return ModelProto.encode(model).finish()
  }

  /** As the format's GraphProto. */
  message(): object {
    return {
      name: this.name,
      node: this.parts.nodes,
      initializer: this.parts.initializers,
      input: this.parts.inputs,
      output: this.parts.outputs
    }
  }
}

const MICROSOFT_OPS = new Set(['RotaryEmbedding', 'MatMulNBits'])

function elementType(data: Float32Array | Float64Array | BigInt64Array): ElementType {
  if (data instanceof BigInt64Array) return 'int64'
  return data instanceof Float32Array ? 'float32' : 'float64'
}

function describeValue(name: string, type: ElementType, dims: readonly Dimension[]): Value {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[type], shape: { dim } } } }
}

function encodeAttribute(name: string, value: Attribute): object {
  if ('float' in value) return { name, type: ATTRIBUTE_TYPES.float, f: value.float }
  if ('int' in value) return { name, type: ATTRIBUTE_TYPES.int, i: value.int }
  if ('graph' in value) return { name, type: ATTRIBUTE_TYPES.graph, g: value.graph.message() }
  if ('ints' in value) return { name, type: ATTRIBUTE_TYPES.ints, ints: value.ints }
  return { name, type: ATTRIBUTE_TYPES.string, s: Buffer.from(value.string) }
}
