import { z } from 'zod'
import { parseJson } from '../base/files/bounded-json'
import { withoutThoughts } from './thoughts'

export interface ListedItem {
  text: string
  /** Probability that the model states for the item, from 0 to 1; null without a stated probability. */
  probability: number | null
}

/**
 * Reads a text that lists several answers, also with stated probabilities (Zhang et al. 2025, arXiv 2510.01171): as
 * `<response>` tags, JSON, numbers, bullets or lines, in this order. Thoughts and introductions are ignored. @returns
 * one answer for a text that is no list; none for an empty text
 */
export function readList(text: string): ListedItem[] {
  const written = withoutThoughts(text)
  for (const read of [tagged, jsonList, numbered, bulleted]) {
    const items = read(written).filter((item) => item.text !== '')
    if (items.length > 0) return items
  }
  const lines = written.split(/\r?\n/).filter((line) => line.trim() !== '')
  // A text that is no list has longer lines, or few.
  const isList =
    lines.length > 1 && lines.every((line) => line.length <= MAX_LINE_CHARACTERS && !/[:.]$/.test(line.trim()))
  return (isList ? lines : [written]).map(item).filter((each) => each.text !== '')
}

/** Longest line of a list without markers such as bullets. */
const MAX_LINE_CHARACTERS = 40

/** Reads `<response><text>…</text><probability>…</probability></response>`, the format of verbalised sampling. */
function tagged(said: string): ListedItem[] {
  return [...said.matchAll(/<response>([^]*?)(?:<\/response>|(?=<response>)|$)/gi)].map(([, inner = '']) => {
    const [, text = inner] = /<text>([^]*?)(?:<\/text>|$)/i.exec(inner) ?? []
    const [, stated] = /<probability>\s*([\d.]+)\s*(%?)/i.exec(inner) ?? []
    const percent = /<probability>\s*[\d.]+\s*%/i.test(inner)
    return { text: text.replace(/<probability>[^]*$/i, '').trim(), probability: share(stated, percent) }
  })
}

const TEXT_FIELDS = ['text', 'response', 'answer', 'content', 'value', 'name'] as const
const PROBABILITY_FIELDS = ['probability', 'prob', 'p', 'confidence'] as const
const Fields = z.record(z.string(), z.unknown())

function jsonList(said: string): ListedItem[] {
  const start = said.search(/[[{]/)
  if (start === -1) return []
  const fence = said.indexOf('```', start)
  const json = said.slice(start, fence === -1 ? undefined : fence).trimEnd()
  const end = Math.max(json.lastIndexOf(']'), json.lastIndexOf('}'))
  const whole = parseOrUndefined(json.slice(0, end + 1))
  return whole === undefined ? cutOff(json) : itemsIn(whole)
}

/** Reads the complete objects of truncated JSON. */
function cutOff(json: string): ListedItem[] {
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
  const written = typeof stated === 'number' ? String(stated) : typeof stated === 'string' ? stated : ''
  const [, number] = /([\d.]+)/.exec(written) ?? []
  return [{ text: text.trim(), probability: share(number, written.includes('%')) }]
}

function parseOrUndefined(text: string): unknown {
  try {
    return parseJson(text, 'the answer')
  } catch {
    return undefined
  }
}

/** Reads lines that begin with `1.`, `1)`, `**1.**`, `1:` or `Answer 1:`, counting up from 1. */
function numbered(said: string): ListedItem[] {
  const marker =
    /^[ \t]*(?:[*_#]{1,4}[ \t]*)?(?:(?:answer|option|response)[ \t]+)?(\d{1,3})(?:[.):]|[ \t]*[-–])(?:[*_]{1,2})?[ \t]+/gim
  const candidates = [...said.matchAll(marker)]
  const markers: RegExpExecArray[] = []
  for (const each of candidates) if (Number(each[1]) === markers.length + 1) markers.push(each)
  return markers.length < 2 ? [] : splitAtMarkers(said, markers)
}

/** Reads lines that begin with `-`, `*` or `•`. */
function bulleted(said: string): ListedItem[] {
  const markers = [...said.matchAll(/^[ \t]*[-*•–][ \t]+/gm)]
  return markers.length < 2 ? [] : splitAtMarkers(said, markers)
}

function splitAtMarkers(said: string, markers: readonly RegExpExecArray[]): ListedItem[] {
  const texts = markers.map((marker, index) =>
    said.slice(marker.index + marker[0].length, markers[index + 1]?.index).trim()
  )
  const isOfLines = texts.slice(0, -1).every((text) => !/\n/.test(text))
  // If all other items have one line, the last item also ends with its first line.
  return texts.map((text) => item(isOfLines ? (text.split('\n', 1)[0] ?? '') : text))
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
function item(text: string): ListedItem {
  const bare = text.replace(/[*_]{2}/g, '').trim()
  for (const pattern of STATED) {
    const [all, number, percent] = pattern.exec(bare.slice(-MAX_STATED_CHARACTERS)) ?? []
    if (all !== undefined)
      return { text: unquoted(bare.slice(0, -all.length)), probability: share(number, percent === '%') }
  }
  return { text: unquoted(bare), probability: null }
}

const unquoted = (text: string): string => /^["“'«](.+)["”'»]$/s.exec(text.trim())?.[1] ?? text.trim()

/** Converts a stated probability. @returns null for a value outside 0 to 1 */
function share(written: string | undefined, isPercent: boolean): number | null {
  const value = Number(written) / (isPercent ? 100 : 1)
  return written !== undefined && value >= 0 && value <= 1 ? value : null
}
