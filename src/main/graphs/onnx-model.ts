import { elementAt } from '../../contract/model/look-up'
import {
  encodeModel,
  type OnnxAttribute,
  type OnnxGraphMessage,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue
} from './onnx-encoding'

const IR_VERSION = 10
const OPSET_VERSION = 21
const ELEMENT_TYPES = { float32: 1, uint8: 2, int64: 7, float16: 10, float64: 11 } as const
type ElementType = keyof typeof ELEMENT_TYPES
/** TensorProto.data_location of data outside the model. */
const EXTERNAL = 1
/** AttributeProto.type values. */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const

/** A fixed size, or the name of a size known only when the graph runs. */
export type Dimension = number | string

export type Attribute =
  { float: number } | { int: number } | { string: string } | { ints: number[] } | { graph: OnnxGraph }

interface GraphParts {
  readonly nodes: OnnxNode[]
  readonly initializers: OnnxTensor[]
  readonly inputs: OnnxValue[]
  readonly outputs: OnnxValue[]
}

/**
 * Builds one graph. A value of the graph is represented by its name. Names of nodes are paths, which the runtime's
 * errors show. A node's output has the node's name.
 */
export class OnnxGraph {
  constructor(
    private readonly name: string,
    private readonly parts: GraphParts = { nodes: [], initializers: [], inputs: [], outputs: [] },
    private readonly scope = ''
  ) {}

  /** Gives a view of the same graph that prefixes the names of new constants and nodes with `scope`. */
  within(scope: string): OnnxGraph {
    return new OnnxGraph(this.name, this.parts, `${this.scope}${scope}/`)
  }

  /** Creates a graph for a node's attribute. It may use this graph's values, and `scope` prefixes its names. */
  branch(scope: string): OnnxGraph {
    const parts = { nodes: [], initializers: [], inputs: [], outputs: [] }
    return new OnnxGraph(this.scope + scope, parts, `${this.scope}${scope}/`)
  }

  input(name: string, type: ElementType, dims: readonly Dimension[]): string {
    this.parts.inputs.push(describeValue(name, type, dims))
    return name
  }

  /** Makes the value `from` an output of the graph under the name `to`, which may be equal. */
  output(from: string, to: string, dims: readonly Dimension[], type: ElementType = 'float32'): void {
    if (from !== to) {
      const copy = { opType: 'Identity', name: `output/${to}`, domain: '', attribute: [] }
      this.parts.nodes.push({ ...copy, input: [from], output: [to] })
    }
    this.parts.outputs.push(describeValue(to, type, dims))
  }

  /** Adds a constant. A plain number is a float32 scalar. @param dims by default one dimension */
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

  /** Adds a constant whose little-endian bytes the session gets under a file name. */
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
      external: { entries, dataLocation: EXTERNAL }
    })
    return this.scope + name
  }

  /** Adds a node with one output and returns that output's name. */
  node(path: string, op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    return elementAt(this.nodeWithOutputs(path, op, inputs, 1, attributes), 0, 'output')
  }

  /** Adds a node with several outputs and returns their names. */
  nodeWithOutputs(
    path: string,
    op: string,
    inputs: readonly string[],
    outputCount: number,
    attributes: Record<string, Attribute>
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

  /** Reshapes to constant sizes, of which one may be -1 and is computed. */
  reshape(path: string, value: string, dims: readonly number[]): string {
    const shape = this.constant(`${path}/shape`, BigInt64Array.from(dims, BigInt))
    return this.node(path, 'Reshape', [value, shape])
  }

  cast(path: string, value: string, type: ElementType): string {
    return this.node(path, 'Cast', [value], { to: { int: ELEMENT_TYPES[type] } })
  }

  encode(): Uint8Array {
    return encodeModel({
      irVersion: IR_VERSION,
      producerName: 'slr-workbench',
      graph: this.message(),
      opsets: [
        { domain: '', version: OPSET_VERSION },
        { domain: 'com.microsoft', version: 1 }
      ]
    })
  }

  /** Returns the graph for encoding, also as an attribute of another graph's node. */
  message(): OnnxGraphMessage {
    return {
      name: this.name,
      node: this.parts.nodes,
      initializer: this.parts.initializers,
      input: this.parts.inputs,
      output: this.parts.outputs
    }
  }
}

/** Operators of onnxruntime that are not part of ONNX. */
const MICROSOFT_OPS = new Set(['RotaryEmbedding', 'MatMulNBits'])

function elementType(data: Float32Array | Float64Array | BigInt64Array): ElementType {
  if (data instanceof BigInt64Array) return 'int64'
  return data instanceof Float32Array ? 'float32' : 'float64'
}

function describeValue(name: string, type: ElementType, dims: readonly Dimension[]): OnnxValue {
  return { name, elementType: ELEMENT_TYPES[type], dims }
}

function encodeAttribute(name: string, value: Attribute): OnnxAttribute {
  if ('float' in value) return { name, type: ATTRIBUTE_TYPES.float, f: value.float }
  if ('int' in value) return { name, type: ATTRIBUTE_TYPES.int, i: value.int }
  if ('graph' in value) return { name, type: ATTRIBUTE_TYPES.graph, g: value.graph.message() }
  if ('ints' in value) return { name, type: ATTRIBUTE_TYPES.ints, ints: value.ints }
  return { name, type: ATTRIBUTE_TYPES.string, s: Buffer.from(value.string) }
}
