import { describe, expect, it } from 'vitest'
import { notesMarkdown, notesMarkup } from '../../../../src/main/report/notes'
import { processorMs } from '../../../fixtures/processor-time'

const html = (text: string): string => notesMarkup(text).source

describe('notes in a report', () => {
  it('are rendered below the headings of the page', () => {
    expect(html('# Plan\n\n- *one*\n- `two`')).toBe(
      '<h4>Plan</h4>\n<ul>\n<li><em>one</em></li>\n<li><code>two</code></li>\n</ul>\n'
    )
    expect(html('[paper](https://arxiv.org/abs/2602.06665)')).toBe(
      '<p><a href="https://arxiv.org/abs/2602.06665" rel="noreferrer noopener">paper</a></p>\n'
    )
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onclick="x">b</b>',
    '![remote](https://example.com/x.png)',
    '[run](javascript:alert(1))',
    '[run](  JaVaScRiPt:alert(1))',
    '[open](data:text/html,x)',
    '[file](file:///etc/passwd)',
    '[a]\n\n[a]: javascript:alert(1)',
    '<javascript:alert(1)>',
    '[x](https://a" onmouseover="y)'
  ])('have no HTML, image or unsafe link of their own: %s', (text) => {
    expect(html(text)).not.toMatch(/<(?!\/?(?:p|a|h\d)\b)/)
    expect(html(text)).not.toMatch(/<img|<a href="(?!https?:|mailto:|#)|<[^>]* on\w+="/i)
    const quoted = notesMarkdown(text)
    expect(quoted).not.toMatch(/(?<!\\)<|(?<!\\)!\[|\]\(\s*(?!https?:)|^> *\[[^\]]*\]:/im)
    expect(quoted.split('\n').every((line) => line.startsWith('>'))).toBe(true)
  })
  it.each([' ', '\n', ' \n', '\t'])('are quoted in time that grows with their length: %j', (blank) => {
    const text = `a${blank.repeat(50_000)}b`
    expect(processorMs(() => expect(notesMarkdown(text)).toMatch(/^> a[\n> \t]*b$/))).toBeLessThan(500)
  })
})
