import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AST, parse } from 'svelte/compiler'
import { expect, it } from 'vitest'

const RENDERER = 'src/renderer'
const files = readdirSync(RENDERER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.svelte'))

/** Titles of elements without a label: none may be the only place where something is said. */
const TITLES: Record<string, readonly string[]> = {
  'a name that is cut short, and stands whole in another place of the view': [
    'app/TopBar: "{text} Show it."',
    'app/TopBar: text',
    'evaluate/PromptDrillDown: prompt.text',
    "models/pairs/PairsTable: row.tasks.join(', ')",
    'models/pairs/TransferTable: source.name',
    'models/pairs/TransferTable: target.name',
    'ranges/inspector/PromptScores: row.text',
    'samples/AnswerGrid: variant.name',
    'ui/FolderDialog: shortcut.path'
  ],
  'the name in the file of what layer and component say': ['models/pair/DistanceTable: distance.tensor']
}

/** Parts of what disables a control, and where it is said why: what takes no focus cannot say it itself. */
const REASONS: Record<string, RegExp> = {
  'on top of the view: the project can only be read': /^!(\w+\.)?writable$|\breadOnly\b/,
  'in the list, whose end it is':
    /^place === 0$|^place === .*length - 1$|^page (=== 0|>= last)$|^listing(\.parent)? === null$/,
  'beside it: the work that goes on':
    /^(waiting|saving|\w+\.busy|\w+\.job\.busy|session\.ranges\.busy|(job|ranks|exports\.serving)\.cancelling|!cancellable)$|^(writing !== null|reports === null|job\.state === 'running')$/,
  'in the view: there is nothing to do it to':
    /^(edit\.(past|future)\.length === 0|empty|what === null|current === null|blind\.decided === 0|task === null|!setup\.ready|prompts\.builtin\.length === 0)$/,
  'in its own words, which say that it is done': /^chat\.isKept|^adding !== 'offered'$|^prompts\.isBuiltin$/,
  'below it: Samples is set to Greedy': /^greedy$/,
  'by the switch beside it': /^draft\.(greedy && .*|raw)$|^name === /,
  'in its row':
    /^whyNot !== null$|^!report\.works$|^(?:whyKept|keptId) !== null$|^!project\.exists$|^refused$|^!blended$/,
  'above it, by whoever shows it': /^disabled$/
}
/** Never to be pressed, and said so in their row. */
const ALWAYS = ['recipes/ExcludedCheckpoints', 'chat/NextToken']

interface Found {
  attribute: string
  file: string
  expression: string
  labelled: boolean
}

/** Every use of the two attributes on an element of the page. */
const uses = files.flatMap((file) => {
  const source = readFileSync(join(RENDERER, file), 'utf8')
  const found: Found[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if (isElement(node)) {
      const named = node.attributes.filter((one): one is AST.Attribute => one.type === 'Attribute')
      const labelled = named.some(({ name }) => name === 'aria-label')
      for (const { name, start, end } of named.filter((one) => ['title', 'disabled'].includes(one.name))) {
        const text = source.slice(start, end).replace(/\s+/g, ' ')
        const expression = text.replace(/^[\w-]+=/, '').replace(/^\{(.*)\}$/, '$1')
        found.push({
          attribute: name,
          file: file.replace('.svelte', ''),
          expression: expression.trim(),
          labelled
        })
      }
    }
    Object.values(node).forEach(visit)
  }
  visit(parse(source, { modern: true }).fragment)
  return found
})

function isElement(node: object): node is AST.RegularElement {
  return 'type' in node && node.type === 'RegularElement'
}

it('has no text only in a title, which neither keyboard nor touch reaches', () => {
  const told = uses.filter(({ attribute, labelled }) => attribute === 'title' && !labelled)
  expect(told.map(({ file, expression }) => `${file}: ${expression}`).sort()).toEqual(
    Object.values(TITLES).flat().sort()
  )
})

it('disables no control without a reason in sight', () => {
  const unexplained = uses.filter(
    ({ attribute, file, expression }) =>
      attribute === 'disabled' &&
      !(expression === 'disabled' && ALWAYS.includes(file)) &&
      !expression.split(' || ').every((part) => Object.values(REASONS).some((reason) => reason.test(part.trim())))
  )
  expect(unexplained).toEqual([])
})

it('names no explanation "About", which the label of its button adds', () => {
  const doubled = files.filter((file) => /<Hint\s+name="About/.test(readFileSync(join(RENDERER, file), 'utf8')))
  expect(doubled).toEqual([])
})
