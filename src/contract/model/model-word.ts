import { Endpoint, endpointFromText } from './external-model'
import { FEW_SHOT_WORD } from './few-shot'
import { describeIssue } from './problem'
import { type SourcedRanges, sourcedRangesFromText, STRENGTH_BOUNDS } from './recipe'
import {
  BASELINE_EXPECTED,
  numbersBehindColon,
  SAMPLING_KINDS,
  type SamplingBaseline,
  samplingBaselineFromText
} from './sampling-baseline'

/** A model as a command, a study or a report names it, before any file or folder is looked at. */
export type ModelWord =
  /** A whole model. `few-shot` is base after a few-shot prompt. */
  | { readonly kind: 'base' | 'post' | 'few-shot' }
  | { readonly kind: 'selected' }
  /** Post with these layers from base, or from the checkpoint behind `@`. */
  | { readonly kind: 'layers'; readonly restored: SourcedRanges[] }
  | { readonly kind: 'blend'; readonly strength: number; readonly last?: number }
  | { readonly kind: 'baseline'; readonly baseline: SamplingBaseline }
  | { readonly kind: 'endpoint'; readonly name: string; readonly endpoint: Endpoint }
  /** Answers, or the description of an endpoint, under a name. */
  | { readonly kind: 'file'; readonly name: string; readonly path: string }
  /** A kept name, a file or a folder. The caller looks on the disk for it. */
  | { readonly kind: 'name-or-path'; readonly text: string }

const CHAT = 'chat:'

/** Parses the name of a model. Returns the expected form if the text begins like a form but does not match it. */
export function modelWordFromText(text: string): ModelWord | { readonly expected: string } {
  if (text === 'base' || text === 'post' || text === 'selected') return { kind: text }
  if (text === FEW_SHOT_WORD) return { kind: 'few-shot' }
  if (/^\d+\s*(?:$|[-–,@])/.test(text)) {
    const restored = sourcedRangesFromText(text)
    return restored === null ? { expected: LAYERS_EXPECTED } : { kind: 'layers', restored }
  }
  if (/^(?:blend|ramp):/.test(text)) return blendWord(text)
  if (SAMPLING_KINDS.some((kind) => text.startsWith(`${kind}:`))) {
    const baseline = samplingBaselineFromText(text)
    return baseline === null ? { expected: BASELINE_EXPECTED } : { kind: 'baseline', baseline }
  }
  return namedWord(text) ?? { kind: 'name-or-path', text }
}

export const LAYERS_EXPECTED =
  'a layer or first-last, counted from 0, first not after last and no layer twice, such as 5, 3-7 or 3-7,9, ' +
  'each with @FOLDER behind it where it is of another checkpoint than base'

/** Parses `blend:STRENGTH` or `ramp:FIRST,LAST`. */
function blendWord(text: string): ModelWord | { readonly expected: string } {
  const { least, most } = STRENGTH_BOUNDS
  const strengths = numbersBehindColon(text)
  const areInThousandths = strengths.every(
    (strength) => strength >= least && strength <= most && strength === Number(strength.toFixed(3))
  )
  const [strength, last, ...others] = strengths
  const isRamp = text.startsWith('ramp:')
  const isComplete = others.length === 0 && isRamp === (last !== undefined)
  if (strength !== undefined && areInThousandths && isComplete)
    return last === undefined ? { kind: 'blend', strength } : { kind: 'blend', strength, last }
  const bounds = `from ${least} to ${most} in thousandths`
  return {
    expected: isRamp
      ? `ramp:FIRST,LAST, the strengths of the first and the last layer ${bounds}, such as ramp:0.5,0`
      : `blend:STRENGTH ${bounds}, such as blend:0.5`
  }
}

/** Parses `NAME=MODEL@URL`, `NAME=chat:MODEL@URL` or `NAME=FILE`. @returns null for any other text */
function namedWord(text: string): ReturnType<typeof modelWordFromText> | null {
  const [, name, behind] = /^([^=/\\]+)=(.+)$/.exec(text) ?? []
  if (name === undefined || behind === undefined) return null
  const isChat = behind.startsWith(CHAT)
  const parsed = endpointFromText(`${name}=${isChat ? behind.slice(CHAT.length) : behind}`)
  if (parsed === null) return { kind: 'file', name, path: behind }
  const { model, baseUrl } = parsed
  const endpoint = Endpoint.safeParse({ model, baseUrl, through: isChat ? 'chat' : 'completions' })
  if (endpoint.success) return { kind: 'endpoint', name, endpoint: endpoint.data }
  return { expected: `an endpoint such as NAME=MODEL@URL, and its ${describeIssue(endpoint.error)}` }
}

/** Returns a path as a word on the command line. It begins with `./` if it would otherwise name another model. */
export function pathWord(path: string): string {
  const word = modelWordFromText(path)
  return 'kind' in word && word.kind === 'name-or-path' && !path.startsWith('-') ? path : `./${path}`
}

/** An endpoint as a word; its key and its other settings need a file. */
export const endpointWord = (
  name: string,
  { model, baseUrl, through }: Pick<Endpoint, 'model' | 'baseUrl' | 'through'>
): string => `${name}=${through === 'chat' ? CHAT : ''}${model}@${baseUrl}`
