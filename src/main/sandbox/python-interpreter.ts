import { Environment, Interpreter } from '@huggingface/jinja'
import { pythonFormat, withPythonFloats } from './python-format'
import { pythonText, splitFromRight, stripCharacters } from './python-text'
import { NEGATION, TEST_OPERATORS } from './template-source'

/** A node of a template's syntax tree. The interfaces below are the kinds of nodes that this file reads. */
type Node = NonNullable<Parameters<Interpreter['evaluate']>[0]>
type Value = ReturnType<Interpreter['evaluate']>

/** Stands for a part of a node that was evaluated already, when the library evaluates the node. */
interface EvaluatedNode extends Node {
  readonly type: 'Evaluated'
  readonly value: Value
}

interface Block extends Node {
  readonly body: readonly Node[]
  readonly alternate?: readonly Node[]
  readonly defaultBlock?: readonly Node[]
}
interface Binary extends Node {
  readonly operator: { readonly value: string }
  readonly left: Node
  readonly right: Node
}
interface If extends Block {
  readonly test: Node
  readonly alternate: readonly Node[]
}
interface For extends Block {
  readonly iterable: Node
}
/** Replaces the body of a loop, so that a `break` or `continue` does not reach the library. */
interface Iteration extends Block {
  readonly type: 'Iteration'
  isStopped: boolean
}
interface Select extends Node {
  readonly lhs: Node
}
interface Filter extends Node {
  readonly operand: Node
  readonly filter: Node & {
    readonly value?: unknown
    readonly callee?: { readonly value?: unknown }
    readonly args?: readonly Node[]
  }
}
interface Test extends Node {
  readonly operand: Node
  readonly negate: boolean
  readonly test: { readonly value: unknown }
}
interface Member extends Node {
  readonly object: Node
  readonly property: Node & { readonly value?: unknown }
  readonly computed: boolean
}
interface Call extends Node {
  readonly callee: Node & { readonly value?: unknown }
  readonly args: readonly Node[]
}
interface NamedArgument extends Node {
  readonly key: { readonly value: string }
  readonly value: Node
}
interface List extends Node {
  readonly value: readonly Node[]
}
interface Dictionary extends Node {
  readonly value: ReadonlyMap<Node & { readonly value?: unknown }, Node>
}

const isEvaluated = (node: Node): node is EvaluatedNode => node.type === 'Evaluated'
const isBlock = (node: Node): node is Block => BLOCKS.includes(node.type)
const isTextJoin = (node: Node): node is Binary =>
  node.type === 'BinaryExpression' && 'operator' in node && isTilde(node.operator)
const isTilde = (operator: unknown): boolean =>
  typeof operator === 'object' && operator !== null && 'value' in operator && operator.value === '~'
const isBinary = (node: Node): node is Binary => node.type === 'BinaryExpression'
const isTest = (node: Node): node is Test => node.type === 'TestExpression'
const isIf = (node: Node): node is If => node.type === 'If'
const isIteration = (node: Node): node is Iteration => node.type === 'Iteration'
const isFor = (node: Node): node is For => node.type === 'For'
const isSelect = (node: Node): node is Select => node.type === 'SelectExpression'
const isFilter = (node: Node): node is Filter => node.type === 'FilterExpression'
const isCall = (node: Node): node is Call => node.type === 'CallExpression'
const isNamed = (node: Node): node is NamedArgument => node.type === 'KeywordArgumentExpression'
const isMember = (node: Node): node is Member => node.type === 'MemberExpression'
const isDictionary = (node: Node): node is Dictionary => node.type === 'ObjectLiteral'

/** Statements that contain other statements. All others but comments print their value. */
const BLOCKS = ['Program', 'If', 'For', 'Set', 'Macro', 'CallStatement', 'FilterStatement']

/** Filters that return an empty list for None in Python's Jinja. */
const FILTERS_OF_NONE: readonly unknown[] = ['map', 'reject', 'rejectattr', 'select', 'selectattr']

/** Thrown by `break` and `continue`. */
class LoopControl extends Error {
  /** Text that the iteration printed before. The library discards it. */
  text = ''
  constructor(readonly type: string) {
    super(`"${type.toLowerCase()}" stands outside a loop`)
  }
}

/**
 * Renders chat templates with features of Python's Jinja that published templates use and the library lacks. These are
 * loops over characters (Llama 3.2 Vision), filters over None (functionary), dictionaries with whole numbers as keys
 * (Seed-OSS), and functions. Values print as in Python.
 */
export class PythonInterpreter extends Interpreter {
  /** Dictionaries with whole numbers as keys, by the values that represent them in the library. */
  private readonly dictionaries = new WeakMap<Value, ReadonlyMap<number, Value>>()

  /** Expressions whose value a template prints. */
  private readonly printed = new WeakSet<Node>()

  override evaluate(statement: Node | undefined, environment: Environment): Value {
    if (statement === undefined) return super.evaluate(statement, environment)
    const value = this.evaluateNode(statement, environment)
    return this.printed.has(statement) ? valueOf(pythonText(value)) : value
  }

  override run(program: Parameters<Interpreter['run']>[0]): Value {
    this.markPrinted(program)
    return super.run(program)
  }

  private markPrinted(node: Node): void {
    if (!isBlock(node)) {
      if (node.type !== 'Comment') this.printed.add(node)
      return
    }
    const { body, alternate = [], defaultBlock = [] } = node
    for (const inner of [...body, ...alternate, ...defaultBlock]) this.markPrinted(inner)
  }

  private evaluateNode(statement: Node, environment: Environment): Value {
    if (isEvaluated(statement)) return statement.value
    if (isFor(statement)) return this.runLoop(statement, environment)
    if (isIteration(statement)) return valueOf(this.iterate(statement, new Environment(environment)))
    if (isIf(statement)) {
      const holds = this.evaluate(statement.test, environment).__bool__().value
      return valueOf(this.printBlock(holds ? statement.body : statement.alternate, environment))
    }
    if (statement.type === 'Break' || statement.type === 'Continue') throw new LoopControl(statement.type)
    if (isFilter(statement)) return this.evaluateFilter(statement, environment)
    if (isTextJoin(statement)) return this.joinTexts(statement, environment)
    if (isBinary(statement) && ['%', '+'].includes(statement.operator.value))
      return this.compute(statement, environment)
    if (isTest(statement) && statement.test.value === 'float')
      return valueOf((this.evaluate(statement.operand, environment).type === 'FloatValue') !== statement.negate)
    if (isMember(statement)) return this.lookUpMember(statement, environment)
    if (isCall(statement)) return this.callPython(statement, environment) ?? super.evaluate(statement, environment)
    if (isDictionary(statement) && hasNumberKeys(statement)) return this.createNumbered(statement, environment)
    return super.evaluate(statement, environment)
  }

  /** Runs a loop. A text is looped over by its characters. A loop with a condition has its items in `lhs`. */
  private runLoop(loop: For, environment: Environment): Value {
    const { iterable } = loop
    const source = this.evaluate(isSelect(iterable) ? iterable.lhs : iterable, environment)
    const items = evaluated(typeof source.value === 'string' ? valueOf([...source.value]) : source)
    const iterated = isSelect(iterable) ? { ...iterable, lhs: items } : items
    const iteration: Iteration = { type: 'Iteration', body: loop.body, isStopped: false }
    const loopOfItems: For = { ...loop, iterable: iterated, body: [iteration] }
    return super.evaluate(loopOfItems, environment)
  }

  /** Prints one iteration of a loop. Its variables end with it, in contrast to the library. */
  private iterate(iteration: Iteration, environment: Environment): string {
    if (iteration.isStopped) return ''
    try {
      return this.printBlock(iteration.body, environment)
    } catch (error) {
      if (!(error instanceof LoopControl)) throw error
      iteration.isStopped = error.type === 'Break'
      return error.text
    }
  }

  private printBlock(statements: readonly Node[], environment: Environment): string {
    let text = ''
    try {
      for (const statement of statements) {
        const { value } = this.evaluate(statement, environment)
        if (typeof value === 'string') text += value
      }
      return text
    } catch (error) {
      if (error instanceof LoopControl) error.text = text + error.text
      throw error
    }
  }

  private evaluateFilter(filter: Filter, environment: Environment): Value {
    const operand = this.evaluate(filter.operand, environment)
    const name = filter.filter.value ?? filter.filter.callee?.value
    const evaluatedFilter: Filter = { ...filter, operand: evaluated(operand) }
    if (name === 'string') return valueOf(pythonText(operand))
    const testResult = typeof name === 'string' ? this.evaluateTest(operand, name, filter, environment) : undefined
    if (testResult !== undefined) return testResult
    if (name === 'tojson') {
      const write = (marked: Value): Value => {
        const markedFilter: Filter = { ...filter, operand: evaluated(marked) }
        return super.evaluate(markedFilter, environment)
      }
      return withPythonFloats(operand, valueOf, write)
    }
    const text = operand.value
    const textResult = typeof text === 'string' ? this.filterText(text, name, filter, environment) : undefined
    if (textResult !== undefined) return textResult
    if (name === 'sum' && Array.isArray(operand.value))
      return operand.value.reduce<Value>((sum, item) => this.add(sum, item, environment), valueOf(0))
    const isNone = operand.value === null || operand.value === undefined
    if (isNone && FILTERS_OF_NONE.includes(name)) return valueOf([])
    const dictionary = this.dictionaries.get(operand)
    if (dictionary === undefined || filter.filter.value !== 'dictsort')
      return super.evaluate(evaluatedFilter, environment)
    const sorted = [...dictionary].sort(([a], [b]) => a - b)
    const pairs = sorted.map(([key, value]) => this.createList([valueOf(key), value], environment))
    return this.createList(pairs, environment)
  }

  /** Applies a test with an argument, which `parseTemplate` turned into a filter; undefined for other filters. */
  private evaluateTest(
    operand: Value,
    name: string,
    { filter: { args = [] } }: Filter,
    environment: Environment
  ): Value | undefined {
    const isNegated = name.startsWith(NEGATION)
    const operator = TEST_OPERATORS.get(isNegated ? name.slice(NEGATION.length) : name)
    const [argument] = args
    if (operator === undefined || argument === undefined) return undefined
    const { value } = this.applyOperator(operator, operand, this.evaluate(argument, environment), environment)
    if (Number.isNaN(value)) throw new Error('no number is divisible by 0')
    const holds = operator === '%' ? value === 0 : value === true
    return valueOf(holds !== isNegated)
  }

  private evaluateAll(nodes: readonly Node[], environment: Environment): Value[] {
    return nodes.map((node) => this.evaluate(node, environment))
  }

  /** Calls `dict`, `rsplit`, `loop.cycle`, or `strip` with characters; undefined for other functions. */
  private callPython({ callee, args }: Call, environment: Environment): Value | undefined {
    if (callee.value === 'dict') return this.createDictionary(args, environment)
    if (!isMember(callee) || callee.computed) return undefined
    const method = callee.property.value
    const strips = method === 'strip' || method === 'lstrip' || method === 'rstrip'
    if (method !== 'cycle' && method !== 'rsplit' && !(strips && args.length === 1)) return undefined
    const object = this.evaluate(callee.object, environment)
    if (strips && typeof object.value === 'string') {
      const [characters] = this.evaluateAll(args, environment)
      return valueOf(stripCharacters(object.value, method, characters?.value))
    }
    if (method === 'rsplit' && typeof object.value === 'string') {
      const [separator, most] = this.evaluateAll(args, environment)
      const parts = splitFromRight(object.value, separator?.value, most?.value)
      return valueOf(parts)
    }
    const index: unknown = object.value instanceof Map ? object.value.get('index0')?.value : undefined
    if (method !== 'cycle' || typeof index !== 'number') return undefined
    const item = this.evaluateAll(args, environment)[index % args.length]
    if (item === undefined) throw new Error('loop.cycle() needs items')
    return item
  }

  /** Creates the dictionary of a call of `dict`: from a dictionary or pairs, with named arguments added. */
  private createDictionary(args: readonly Node[], environment: Environment): Value {
    const entries = args.flatMap((arg): (readonly [unknown, Value])[] => {
      if (isNamed(arg)) return [[arg.key.value, this.evaluate(arg.value, environment)]]
      const { value } = this.evaluate(arg, environment)
      if (value instanceof Map) return [...value]
      if (Array.isArray(value)) return value.map(pairOf)
      throw new Error('dict() needs a dictionary, pairs or named arguments')
    })
    const unique = new Map(entries)
    const literal: Dictionary = {
      type: 'ObjectLiteral',
      value: new Map([...unique].map(([key, item]) => [evaluated(valueOf(key)), evaluated(item)]))
    }
    return super.evaluate(literal, environment)
  }

  /** Applies a filter that the library lacks for texts, or computes by UTF-16 units; undefined for other filters. */
  private filterText(
    text: string,
    name: unknown,
    { filter: { args } }: Filter,
    environment: Environment
  ): Value | undefined {
    const characters = [...text]
    switch (name) {
      case 'length':
      case 'count':
        return valueOf(characters.length)
      case 'reverse':
        return valueOf(characters.reverse().join(''))
      case 'list':
        return valueOf(characters)
      case 'wordcount':
        return valueOf([...text.matchAll(/[\p{L}\p{N}_]+/gu)].length)
      case 'format':
        return valueOf(pythonFormat(text, args === undefined ? [] : this.evaluateAll(args, environment)))
      default:
        return undefined
    }
  }

  /** Computes + and % as Python does: a remainder has the divisor's sign, and a text is not added to a number. */
  private compute(node: Binary, environment: Environment): Value {
    const [left, right] = [this.evaluate(node.left, environment), this.evaluate(node.right, environment)]
    if (node.operator.value === '+') return this.add(left, right, environment)
    if (typeof left.value === 'string')
      return valueOf(
        pythonFormat(left.value, right.type === 'TupleValue' && Array.isArray(right.value) ? right.value : [right])
      )
    const remainder = this.applyOperator('%', left, right, environment)
    return this.applyOperator('%', this.add(remainder, right, environment), right, environment)
  }

  private add(left: Value, right: Value, environment: Environment): Value {
    const isText = (value: Value): boolean => value.type === 'StringValue'
    if (isText(left) !== isText(right)) throw new Error('"+" joins a text only with another text; use "~"')
    return this.applyOperator('+', left, right, environment)
  }

  private applyOperator(operator: string, left: Value, right: Value, environment: Environment): Value {
    const node: Binary = {
      type: 'BinaryExpression',
      operator: { value: operator },
      left: evaluated(left),
      right: evaluated(right)
    }
    return super.evaluate(node, environment)
  }

  private joinTexts({ left, right }: Binary, environment: Environment): Value {
    return valueOf([left, right].map((side) => pythonText(this.evaluate(side, environment))).join(''))
  }

  private createList(values: readonly Value[], environment: Environment): Value {
    const literal: List = { type: 'ArrayLiteral', value: values.map(evaluated) }
    return super.evaluate(literal, environment)
  }

  private lookUpMember(member: Member, environment: Environment): Value {
    const object = this.evaluate(member.object, environment)
    const dictionary = this.dictionaries.get(object)
    if (dictionary !== undefined && member.computed) {
      const key = this.evaluate(member.property, environment).value
      return (typeof key === 'number' ? dictionary.get(key) : undefined) ?? valueOf(undefined)
    }
    const evaluatedMember: Member = { ...member, object: evaluated(object) }
    return super.evaluate(evaluatedMember, environment)
  }

  /** Creates a dictionary with whole numbers as keys, of which the library has none. */
  private createNumbered({ value: entries }: Dictionary, environment: Environment): Value {
    const numbers = new Map<number, Value>()
    for (const [key, value] of entries) {
      if (typeof key.value === 'number') numbers.set(key.value, this.evaluate(value, environment))
    }
    // A function represents the dictionary in the library, so that every use that this class lacks fails.
    const refuse = (): never => {
      throw new Error('a dictionary with numbers for keys is neither looked up in nor sorted by them')
    }
    const standIn = valueOf(refuse)
    standIn.toString = refuse
    Object.assign(Object(standIn.value), { toString: refuse })
    this.dictionaries.set(standIn, numbers)
    return standIn
  }
}

function hasNumberKeys({ value }: Dictionary): boolean {
  const keys = [...value.keys()]
  return keys.length > 0 && keys.every(({ type }) => type === 'IntegerLiteral')
}

/** Returns the two items of a list as a key and a value. */
function pairOf({ value }: Value): readonly [unknown, Value] {
  const [key, item] = Array.isArray(value) ? value : []
  if (key === undefined || item === undefined) throw new Error('dict() needs pairs of a key and a value')
  return [key.value, item]
}

function evaluated(value: Value): EvaluatedNode {
  return { type: 'Evaluated', value }
}

function valueOf(value: unknown): Value {
  return new Environment().set('value', value)
}
