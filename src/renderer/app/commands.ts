import { StoredSwitch } from '../ui/stored-switch.svelte'
import { commitField, isField, isTextField } from '../ui/typing'
import { nextPart } from './parts'
import { STEPS } from './place'
import type { Workbench } from './workbench.svelte'

type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'target' | 'defaultPrevented' | 'preventDefault'
>

interface Shortcut {
  /** Names of the keys on other systems than macOS. */
  readonly keys: readonly string[]
  /** Effect, as Help lists it. */
  readonly effect: string
}

interface Command extends Shortcut {
  matches(event: KeyPress, workbench: Workbench): boolean
  run(workbench: Workbench, event: KeyPress): void
}

/** Keys without a modifier. Each can be switched off, because speech input types such keys by accident. */
const SINGLE_KEYS = {
  help: { keys: ['?'], effect: 'Show Help' },
  runs: { keys: ['H'], effect: 'Show the runs of the pair' },
  prefer: { keys: ['1 … 9'], effect: 'Prefer A, B, … of a blind comparison' },
  tie: { keys: ['T'], effect: 'Tie in a blind comparison' },
  skip: { keys: ['S'], effect: 'Skip a blind comparison' },
  takeBack: { keys: ['U'], effect: 'Undo the last decision of a blind comparison' }
} as const satisfies Record<string, Shortcut>

type SingleKeys = Readonly<Record<keyof typeof SINGLE_KEYS, StoredSwitch>>

export const singleKeySwitches = (): SingleKeys => {
  const switchOf = (id: string): StoredSwitch => new StoredSwitch(`slr-key-${id}`)
  return {
    help: switchOf('help'),
    runs: switchOf('runs'),
    prefer: switchOf('prefer'),
    tie: switchOf('tie'),
    skip: switchOf('skip'),
    takeBack: switchOf('take-back')
  }
}

export const listSingleKeys = (switches: SingleKeys): (Shortcut & { readonly isOn: StoredSwitch })[] =>
  (['help', 'runs', 'prefer', 'tie', 'skip', 'takeBack'] as const).map((key) => ({
    ...SINGLE_KEYS[key],
    isOn: switches[key]
  }))

const hasControl = (event: KeyPress): boolean => event.ctrlKey || event.metaKey
const isPlain = (event: KeyPress): boolean => !hasControl(event) && !event.altKey && !isField(event.target)

/** Returns the step of a digit. The code of the key counts, because Macs type another letter with Option. */
const stepOfKey = ({ code }: KeyPress): (typeof STEPS)[number] | undefined =>
  STEPS[Number(/^Digit(\d)$/.exec(code)?.[1]) - 1]

const COMMANDS: readonly Command[] = [
  {
    keys: ['Ctrl', 'Enter'],
    effect: 'Start the job of the view: sweep, generate, run or export. In a field: save. In Chat: send',
    // A field may have handled the key, such as the chat's field, which sends by itself.
    matches: (event, { session }) =>
      hasControl(event) && event.key === 'Enter' && !event.defaultPrevented && session !== null,
    run({ session, view }, { target }) {
      if (isTextField(target)) commitField(target)
      else session?.startJobOf(view)
    }
  },
  {
    keys: ['Alt', `1 … ${STEPS.length}`],
    effect: `Go to ${STEPS.map(({ label }) => label).join(', ')}`,
    matches: (event, { session }) =>
      event.altKey && !hasControl(event) && session !== null && stepOfKey(event) !== undefined,
    run(workbench, event) {
      const step = stepOfKey(event)
      if (step !== undefined) workbench.go(workbench.entryOf(step.id))
    }
  },
  {
    keys: ['Ctrl', 'Z'],
    effect: 'Undo the last change, then the one before',
    matches: (event, { session }) =>
      hasControl(event) && event.key.toLowerCase() === 'z' && session !== null && !isField(event.target),
    run: ({ session }, { shiftKey }) => void session?.history[shiftKey ? 'redo' : 'undo']()
  },
  {
    keys: ['Ctrl', 'Y'],
    effect: 'Redo, as Shift + Ctrl + Z does',
    matches: (event, { session }) =>
      hasControl(event) && event.key.toLowerCase() === 'y' && session !== null && !isField(event.target),
    run: ({ session }) => void session?.history.redo()
  },
  {
    keys: ['F6'],
    effect: 'Go to the next part of the window: bar, steps, view, inspector. With Shift: to the previous part',
    matches: ({ key }) => key === 'F6',
    run: (_, { shiftKey }) => nextPart(document, shiftKey)
  },
  {
    ...SINGLE_KEYS.help,
    matches: (event, { singleKeys }) => singleKeys.help.on && isPlain(event) && event.key === '?',
    run: (workbench) => (workbench.dialog = 'help')
  },
  {
    ...SINGLE_KEYS.runs,
    matches: (event, { singleKeys, session }) =>
      singleKeys.runs.on && isPlain(event) && event.key.toLowerCase() === 'h' && session !== null,
    run: (workbench) => (workbench.dialog = 'history')
  }
]

/** Keys that parts of the window handle by themselves. */
const LOCAL_KEYS: readonly Shortcut[] = [
  {
    keys: ['Esc'],
    effect: 'Close a dialog or drawer, leave a field, clear the selection, stop the chat'
  },
  { keys: ['↑ ↓ ← →'], effect: 'Move between the cells of the heatmap, and within a list or a legend' },
  { keys: ['↑ ↓'], effect: 'Go to the same field of the prompt above or below' },
  { keys: ['Shift', '↑ ↓ ← →'], effect: 'Select the cells of the heatmap on the way' },
  { keys: ['Shift', 'drag'], effect: 'Select models in a chart' },
  { keys: ['wheel'], effect: 'Zoom a chart, as dragging does' },
  { keys: ['Home'], effect: 'First cell of a heatmap row' },
  { keys: ['End'], effect: 'Last cell of a heatmap row' },
  { keys: ['Enter'], effect: 'Inspect the focused cell' }
]

/** Lists all shortcuts for Help, without keys that are switched off. */
export const listShortcuts = (switches: SingleKeys): Shortcut[] => [
  ...COMMANDS.filter(({ keys }) => keys.length > 1 || keys[0] === 'F6'),
  ...LOCAL_KEYS,
  ...listSingleKeys(switches).filter(({ isOn }) => isOn.on)
]

/** Runs the command of a key press. Ignored while a dialog is open, which handles its own keys. */
export function runCommand(workbench: Workbench, event: KeyPress): void {
  if (document.querySelector('dialog[open]') !== null) return
  // Esc is pressed by reflex, so it never cancels a job that may have taken hours.
  if (event.key === 'Escape' && isField(event.target)) event.target.blur()
  const command = COMMANDS.find((candidate) => candidate.matches(event, workbench))
  if (command === undefined) return
  event.preventDefault()
  command.run(workbench, event)
}
