import { z } from 'zod'
import { parseJson } from '../base/files/bounded-json'
import { withoutThoughts } from './thoughts'

/** An answer that a model gave in a list of them. */
export interface ListedItem {
  text: string
  /** That the model states for it, from 0 to 1; null where it states none. */
  probability: number | null
}

/**
 * The answers in what a model wrote when it was asked for several, such as "list five" or with verbalised sampling (Zhang et al. 2025, arXiv
 * 2510.01171), each with the probability that it states. Read as JSON, as `<response>` tags, as a numbered or a bulleted list, or else as lines; what
 * was thought before, and what leads in or out, is left out. A list that was cut off has the answers that are whole, and in text the one that is not.
 *
 * @returns one answer where there is no list; none for a text without any
 */
export function readList(text: string): ListedItem[] {
  const said = withoutThoughts(text)
  for (const read of [tagged, jsonList, numbered, bulleted]) {
    const items = read(said).filter((item) => item.text !== '')
    if (items.length > 0) return items
  }
  const lines = said.split(/\r?\n/).filter((line) => line.trim() !== '')
  // A text of its own has longer lines, or few of them.
  const isList =
    lines.length > 1 &&
    lines.every((line) => line.length <= MOST_LINE_CHARACTERS && !/[:.]$/.test(line.trim()))
  return (isList ? lines : [said]).map(item).filter((each) => each.text !== '')
}

/** Of a line in a list without marks. */
const MOST_LINE_CHARACTERS = 40

/** `<response><text>…</text><probability>…</probability></response>`, as verbalised sampling asks for. */
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
  const whole = parsed(json.slice(0, end + 1))
  return whole === undefined ? cutOff(json) : itemsIn(whole)
}

/** The whole objects of JSON that ends too early. */
function cutOff(json: string): ListedItem[] {
  return [...json.matchAll(/\{[^{}]*\}/g)].flatMap(([object]) => itemsIn([parsed(object)]))
}

/** A list of texts or objects, or an object that holds one. */
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

function parsed(text: string): unknown {
  try {
    return parseJson(text, 'the answer')
  } catch {
    return undefined
  }
}

/** `1.`, `1)`, `**1.**`, `1:` and `Answer 1:` at the beginning of lines, counting up from 1. */
function numbered(said: string): ListedItem[] {
  const mark =
    /^[ \t]*(?:[*_#]{1,4}[ \t]*)?(?:(?:answer|option|response)[ \t]+)?(\d{1,3})(?:[.):]|[ \t]*[-–])(?:[*_]{1,2})?[ \t]+/gim
  const found = [...said.matchAll(mark)]
  const marks: RegExpExecArray[] = []
  for (const each of found) if (Number(each[1]) === marks.length + 1) marks.push(each)
  return marks.length < 2 ? [] : between(said, marks)
}

/** `-`, `*` and `•` at the beginning of lines. */
function bulleted(said: string): ListedItem[] {
  const marks = [...said.matchAll(/^[ \t]*[-*•–][ \t]+/gm)]
  return marks.length < 2 ? [] : between(said, marks)
}

/** What stands behind each mark, up to the next. */
function between(said: string, marks: readonly RegExpExecArray[]): ListedItem[] {
  const texts = marks.map((mark, place) =>
    said.slice(mark.index + mark[0].length, marks[place + 1]?.index).trim()
  )
  const isOfLines = texts.slice(0, -1).every((text) => !/\n/.test(text))
  // Where all answers but the last are a line, what follows it is no part of it.
  return texts.map((text) => item(isOfLines ? (text.split('\n', 1)[0] ?? '') : text))
}

/** "probability: 0.12", "p = 12 %", "(12%)" and "(0.12)" at the end of an answer. */
const STATED = [
  /[\s([—–|,;-]*\b(?:probability|prob|p)\b\.?\s*[:=≈~]?\s*(\d*\.?\d+)\s*(%?)\s*[)\]]?\.?$/i,
  /[\s—–-]*[([]\s*(\d+(?:\.\d+)?)\s*(%)\s*[)\]]\.?$/,
  /\s*[([]\s*((?:0?\.\d+)|1\.0+)()\s*[)\]]\.?$/
]

/** Of what is stated, with the marks around it. */
const MOST_STATED_CHARACTERS = 80

/** An answer without marks around it, and what it states. */
function item(text: string): ListedItem {
  const bare = text.replace(/[*_]{2}/g, '').trim()
  for (const pattern of STATED) {
    const [all, number, percent] = pattern.exec(bare.slice(-MOST_STATED_CHARACTERS)) ?? []
    if (all !== undefined)
      return { text: unquoted(bare.slice(0, -all.length)), probability: share(number, percent === '%') }
  }
  return { text: unquoted(bare), probability: null }
}

const unquoted = (text: string): string => /^["“'«](.+)["”'»]$/s.exec(text.trim())?.[1] ?? text.trim()

/** @returns null for what is no share of 1 */
function share(written: string | undefined, isPercent: boolean): number | null {
  const value = Number(written) / (isPercent ? 100 : 1)
  return written !== undefined && value >= 0 && value <= 1 ? value : null
}
