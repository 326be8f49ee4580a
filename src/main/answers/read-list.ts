import { z } from 'zod'
import { parseJson } from '../base/files/bounded-json'
import { withoutThoughts } from './thoughts'

/** One of several answers that a model lists in a text. */
export interface ListedItem {
  text: string
  /** Probability that the model states for the item, from 0 to 1; null without a stated probability. */
  probability: number | null
}

/**
 * Reads a text that lists several answers, also with stated probabilities (Zhang et al. 2025, arXiv 2510.01171). The
 * first form with items counts: `<response>` tags, JSON, numbers, bullets or lines. Thoughts and introductions are
 * ignored.
 *
 * @returns one answer for a text that is no list; none for an empty text
 */
export function readList(text: string): ListedItem[] {
  const visibleText = withoutThoughts(text)
  for (const read of [readTagged, readJson, readNumbered, readBulleted]) {
    const items = read(visibleText).filter((item) => item.text !== '')
    if (items.length > 0) return items
  }
  const lines = visibleText.split(/\r?\n/).filter((line) => line.trim() !== '')
  // A text that is no list has longer lines, or few.
  const isList =
    lines.length > 1 && lines.every((line) => line.length <= MAX_LINE_CHARACTERS && !/[:.]$/.test(line.trim()))
  return (isList ? lines : [visibleText]).map(readItem).filter((item) => item.text !== '')
}

/** Longest line of a list without markers such as bullets. */
const MAX_LINE_CHARACTERS = 40

/** Reads `<response><text>…</text><probability>…</probability></response>`, the format of verbalised sampling. */
function readTagged(text: string): ListedItem[] {
  return [...text.matchAll(/<response>([^]*?)(?:<\/response>|(?=<response>)|$)/gi)].map(([, response = '']) => {
    const answer = /<text>([^]*?)(?:<\/text>|$)/i.exec(response)?.[1] ?? response
    const [, number, percentSign] = /<probability>\s*([\d.]+)\s*(%?)/i.exec(response) ?? []
    const probability = statedProbability(number, percentSign === '%')
    return { text: answer.replace(/<probability>[^]*$/i, '').trim(), probability }
  })
}

const TEXT_FIELDS = ['text', 'response', 'answer', 'content', 'value', 'name'] as const
const PROBABILITY_FIELDS = ['probability', 'prob', 'p', 'confidence'] as const
const Fields = z.record(z.string(), z.unknown())

function readJson(text: string): ListedItem[] {
  const start = text.search(/[[{]/)
  if (start === -1) return []
  const fence = text.indexOf('```', start)
  const json = text.slice(start, fence === -1 ? undefined : fence).trimEnd()
  const end = Math.max(json.lastIndexOf(']'), json.lastIndexOf('}'))
  const whole = parseOrUndefined(json.slice(0, end + 1))
  return whole === undefined ? readTruncated(json) : itemsIn(whole)
}

/** Reads the complete objects of truncated JSON. */
function readTruncated(json: string): ListedItem[] {
  return [...json.matchAll(/\{[^{}]*\}/g)].flatMap(([object]) => itemsIn([parseOrUndefined(object)]))
}

/** Reads a list of texts or objects, or an object that contains one. */
function itemsIn(value: unknown): ListedItem[] {
  if (Array.isArray(value)) {
    return value.flatMap((each: unknown): ListedItem[] => {
      if (typeof each === 'string') return [{ text: each.trim(), probability: null }]
      const fields = Fields.safeParse(each)
      return fields.success ? objectItem(fields.data) : []
    })
  }
  const fields = Fields.safeParse(value)
  if (!fields.success) return []
  const list = Object.values(fields.data).find((each) => Array.isArray(each))
  return list === undefined ? objectItem(fields.data) : itemsIn(list)
}

function objectItem(fields: Record<string, unknown>): ListedItem[] {
  const text = TEXT_FIELDS.map((field) => fields[field]).find((each) => typeof each === 'string')
  if (typeof text !== 'string') return []
  const stated = PROBABILITY_FIELDS.map((field) => fields[field]).find((each) => each !== undefined)
  const statedText = typeof stated === 'number' || typeof stated === 'string' ? String(stated) : ''
  const number = /[\d.]+/.exec(statedText)?.[0]
  return [{ text: text.trim(), probability: statedProbability(number, statedText.includes('%')) }]
}

function parseOrUndefined(text: string): unknown {
  try {
    return parseJson(text, 'the answer')
  } catch {
    return undefined
  }
}

/** Reads lines that begin with `1.`, `1)`, `**1.**`, `1:` or `Answer 1:`, counting up from 1. */
function readNumbered(text: string): ListedItem[] {
  const marker =
    /^[ \t]*(?:[*_#]{1,4}[ \t]*)?(?:(?:answer|option|response)[ \t]+)?(\d{1,3})(?:[.):]|[ \t]*[-–])(?:[*_]{1,2})?[ \t]+/gim
  const candidates = [...text.matchAll(marker)]
  const markers: RegExpExecArray[] = []
  for (const each of candidates) if (Number(each[1]) === markers.length + 1) markers.push(each)
  return markers.length < 2 ? [] : splitAtMarkers(text, markers)
}

/** Reads lines that begin with `-`, `*` or `•`. */
function readBulleted(text: string): ListedItem[] {
  const markers = [...text.matchAll(/^[ \t]*[-*•–][ \t]+/gm)]
  return markers.length < 2 ? [] : splitAtMarkers(text, markers)
}

function splitAtMarkers(text: string, markers: readonly RegExpExecArray[]): ListedItem[] {
  const items = markers.map((marker, index) =>
    text.slice(marker.index + marker[0].length, markers[index + 1]?.index).trim()
  )
  const hasOneLineEach = items.slice(0, -1).every((item) => !/\n/.test(item))
  // If all other items have one line, the last item also ends with its first line.
  return items.map((item) => readItem(hasOneLineEach ? (item.split('\n', 1)[0] ?? '') : item))
}

/** Matches "probability: 0.12", "p = 12 %", "(12%)" and "(0.12)" at the end of an answer. */
const STATED = [
  /[\s([—–|,;-]*\b(?:probability|prob|p)\b\.?\s*[:=≈~]?\s*(\d*\.?\d+)\s*(%?)\s*[)\]]?\.?$/i,
  /[\s—–-]*[([]\s*(\d+(?:\.\d+)?)\s*(%)\s*[)\]]\.?$/,
  /\s*[([]\s*((?:0?\.\d+)|1\.0+)()\s*[)\]]\.?$/
]

/** Longest statement of a probability, with its brackets and punctuation. */
const MAX_STATED_CHARACTERS = 80

/** Separates an answer from its quotes, formatting and stated probability. */
function readItem(text: string): ListedItem {
  const plain = text.replace(/[*_]{2}/g, '').trim()
  for (const pattern of STATED) {
    const [statement, number, percentSign] = pattern.exec(plain.slice(-MAX_STATED_CHARACTERS)) ?? []
    if (statement === undefined) continue
    const answer = unquoted(plain.slice(0, -statement.length))
    return { text: answer, probability: statedProbability(number, percentSign === '%') }
  }
  return { text: unquoted(plain), probability: null }
}

const unquoted = (text: string): string => /^["“'«](.+)["”'»]$/s.exec(text.trim())?.[1] ?? text.trim()

/** Converts a stated probability. @returns null without a number, and for a value outside 0 to 1 */
function statedProbability(number: string | undefined, isPercent: boolean): number | null {
  const value = Number(number) / (isPercent ? 100 : 1)
  return number !== undefined && value >= 0 && value <= 1 ? value : null
}
