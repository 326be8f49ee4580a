import MarkdownIt from 'markdown-it'
import { Markup } from '../base/markup'

/* Notes are Markdown that may come from others. HTML becomes text, and links lead to the web, mail or the page. */

const SAFE_LINK = /^(?:https?:\/\/|mailto:|#)/i

const markdown = new MarkdownIt('default', { html: false, linkify: false, typographer: false })
// An image in a note is written as an exclamation mark and a link to the image.
markdown.disable('image')
markdown.validateLink = (url) => SAFE_LINK.test(url.trim())
markdown.renderer.rules['link_open'] = (tokens, index, options, _env, renderer) => {
  tokens[index]?.attrSet('rel', 'noreferrer noopener')
  return renderer.renderToken(tokens, index, options)
}

/** Returns the heading tag three levels lower, below the headings of the report itself: `h1` becomes `h4`. */
const loweredHeading = (tag: string): string => `h${Math.min(6, Number(tag.slice(1)) + 3)}`
for (const rule of ['heading_open', 'heading_close']) {
  markdown.renderer.rules[rule] = (tokens, index, options, _env, renderer) => {
    const token = tokens[index]
    if (token !== undefined) token.tag = loweredHeading(token.tag)
    return renderer.renderToken(tokens, index, options)
  }
}

export const notesMarkup = (text: string): Markup => new Markup(markdown.render(text))

/** Quotes notes in Markdown. HTML, images and unsafe links become text. */
export function notesMarkdown(text: string): string {
  return text
    .replace(/</g, '\\<')
    .replace(/!(?=\[)/g, '\\!')
    .replace(/\]\((?!\s*(?:https?:\/\/|mailto:|#))/gi, ']\\(')
    .split(/\r\n?|\n/)
    .map((line) => `> ${line.replace(/^(\s*)\[(?=[^\]]*\]:)/, '$1\\[')}`.trimEnd())
    .join('\n')
}
