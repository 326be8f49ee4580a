import type { Writer } from 'protobufjs/minimal.js'
import protobuf from 'protobufjs/minimal.js'

// Encodes the part of the ONNX format (onnx.proto, IR version 10) that the graphs of this folder use. Field numbers are
// those of onnx.proto. Building an encoder from that text would take longer than encoding all graphs of an engine.

/** A named value of a node: one of float (f), int (i), string (s), graph (g) and ints, by `type`. */
export interface OnnxAttribute {
  readonly name: string
  readonly type: number
  readonly f?: number
  readonly i?: number
  readonly s?: Uint8Array
  readonly g?: OnnxGraphMessage
  readonly ints?: readonly number[]
}

export interface OnnxNode {
  readonly name: string
  readonly opType: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute: readonly OnnxAttribute[]
  readonly domain: string
}

/** A constant, with its bytes in the model (`rawData`) or elsewhere (`external`). */
export interface OnnxTensor {
  readonly name: string
  readonly dims: readonly number[]
  readonly dataType: number
  readonly rawData?: Uint8Array
  readonly external?: { readonly entries: Readonly<Record<string, string>>; readonly dataLocation: number }
}

export interface OnnxValue {
  readonly name: string
  readonly elementType: number
  /** Fixed sizes, or names of sizes. */
  readonly dims: readonly (number | string)[]
}

export interface OnnxGraphMessage {
  readonly name: string
  readonly node: readonly OnnxNode[]
  readonly initializer: readonly OnnxTensor[]
  readonly input: readonly OnnxValue[]
  readonly output: readonly OnnxValue[]
}

interface OnnxModel {
  readonly irVersion: number
  readonly producerName: string
  readonly graph: OnnxGraphMessage
  readonly opsets: readonly { readonly domain: string; readonly version: number }[]
}

/** Wire types of protobuf fields. */
const WIRE = { number: 0, bytes: 2, float: 5 } as const

const field = (writer: Writer, id: number, wire: keyof typeof WIRE): Writer => writer.uint32((id << 3) | WIRE[wire])

/* Empty and zero values are omitted, because readers assume them; entries of lists are always written. */

const text = (writer: Writer, id: number, value: string): Writer =>
  value === '' ? writer : field(writer, id, 'bytes').string(value)

const int = (writer: Writer, id: number, value: number): Writer =>
  value === 0 ? writer : field(writer, id, 'number').int64(value)

function texts(writer: Writer, id: number, values: readonly string[]): void {
  for (const value of values) field(writer, id, 'bytes').string(value)
}

/** Writes a message, or a list of numbers, as a field of another message. */
function inner(writer: Writer, id: number, write: () => void): void {
  field(writer, id, 'bytes').fork()
  write()
  writer.ldelim()
}

function ints(writer: Writer, id: number, values: readonly number[]): void {
  if (values.length > 0) inner(writer, id, () => values.forEach((value) => writer.int64(value)))
}

function writeAttribute(writer: Writer, { name, type, ...value }: OnnxAttribute): void {
  text(writer, 1, name)
  if (value.f !== undefined && value.f !== 0) field(writer, 2, 'float').float(value.f)
  if (value.i !== undefined) int(writer, 3, value.i)
  if (value.s !== undefined) field(writer, 4, 'bytes').bytes(value.s)
  const { g: graph } = value
  if (graph !== undefined) inner(writer, 6, () => writeGraph(writer, graph))
  if (value.ints !== undefined) ints(writer, 8, value.ints)
  int(writer, 20, type)
}

function writeNode(writer: Writer, node: OnnxNode): void {
  texts(writer, 1, node.input)
  texts(writer, 2, node.output)
  text(writer, 3, node.name)
  text(writer, 4, node.opType)
  for (const attribute of node.attribute) inner(writer, 5, () => writeAttribute(writer, attribute))
  text(writer, 7, node.domain)
}

function writeTensor(writer: Writer, { name, dims, dataType, rawData, external }: OnnxTensor): void {
  ints(writer, 1, dims)
  int(writer, 2, dataType)
  text(writer, 8, name)
  if (rawData !== undefined) field(writer, 9, 'bytes').bytes(rawData)
  if (external === undefined) return
  for (const [key, value] of Object.entries(external.entries)) {
    inner(writer, 13, () => text(text(writer, 1, key), 2, value))
  }
  int(writer, 14, external.dataLocation)
}

/** Writes a ValueInfoProto with the TypeProto of a tensor. */
function writeValue(writer: Writer, { name, elementType, dims }: OnnxValue): void {
  const writeSize = (size: number | string): void => {
    if (typeof size === 'number') field(writer, 1, 'number').int64(size)
    else field(writer, 2, 'bytes').string(size)
  }
  text(writer, 1, name)
  inner(writer, 2, () =>
    inner(writer, 1, () => {
      int(writer, 1, elementType)
      inner(writer, 2, () => dims.forEach((size) => inner(writer, 1, () => writeSize(size))))
    })
  )
}

function writeGraph(writer: Writer, graph: OnnxGraphMessage): void {
  for (const node of graph.node) inner(writer, 1, () => writeNode(writer, node))
  text(writer, 2, graph.name)
  for (const tensor of graph.initializer) inner(writer, 5, () => writeTensor(writer, tensor))
  for (const value of graph.input) inner(writer, 11, () => writeValue(writer, value))
  for (const value of graph.output) inner(writer, 12, () => writeValue(writer, value))
}

export function encodeModel({ irVersion, producerName, graph, opsets }: OnnxModel): Uint8Array {
  const writer = protobuf.Writer.create()
  int(writer, 1, irVersion)
  text(writer, 2, producerName)
  inner(writer, 7, () => writeGraph(writer, graph))
  for (const { domain, version } of opsets) inner(writer, 8, () => int(text(writer, 1, domain), 2, version))
  return writer.finish()
}
