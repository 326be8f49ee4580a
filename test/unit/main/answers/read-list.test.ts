import { describe, expect, it } from 'vitest'
import { readList } from '../../../../src/main/answers/read-list'

const texts = (said: string): string[] => readList(said).map(({ text }) => text)
const stated = (said: string): (number | null)[] => readList(said).map(({ probability }) => probability)

describe('a list of answers in one', () => {
  it('is numbered, whatever leads in and out', () => {
    const said = `Sure! Here are five US states:

1. **Texas** (probability: 0.35)
2. **California** (probability: 0.30)
3) "Vermont" - 12%
4. Ohio (0.05)
5. New Mexico — p = .02

Let me know if you would like more!`
    expect(texts(said.replace('- 12%', '(12%)'))).toEqual(['Texas', 'California', 'Vermont', 'Ohio', 'New Mexico'])
    expect(stated(said.replace('- 12%', '(12%)'))).toEqual([0.35, 0.3, 0.12, 0.05, 0.02])
  })

  it('has answers of several lines, such as poems, with numbers inside', () => {
    const said = `1. The moon
hangs low, 2 miles

over 3. houses
2. The sun
burns`
    expect(texts(said)).toEqual(['The moon\nhangs low, 2 miles\n\nover 3. houses', 'The sun\nburns'])
    expect(texts('**Answer 1:** Red\n**Answer 2:** Blue\n')).toEqual(['Red', 'Blue'])
  })

  it('is bulleted', () => {
    expect(texts('Colours:\n- Red\n- Blue\n- Green\n\nThese are all colours.')).toEqual(['Red', 'Blue', 'Green'])
    expect(texts('* *Emma* by Austen\n* Ulysses\n')).toEqual(['*Emma* by Austen', 'Ulysses'])
    expect(texts('• un\n• deux')).toEqual(['un', 'deux'])
  })

  it('is JSON: texts, objects, an object that holds them, in a fence, and cut off', () => {
    expect(texts('["Red", "Blue"]')).toEqual(['Red', 'Blue'])
    const fenced = `Here you go:
\`\`\`json
{
  "responses": [
    {"text": "Why did the coffee file a report? It got mugged.", "probability": 0.14},
    {"text": "I like my coffee {black}.", "probability": "6%"}
  ]
}
\`\`\`
Enjoy!`
    expect(readList(fenced)).toEqual([
      { text: 'Why did the coffee file a report? It got mugged.', probability: 0.14 },
      { text: 'I like my coffee {black}.', probability: 0.06 }
    ])
    expect(texts('{"responses": [{"text": "Red", "probability": 0.5}, {"text": "Bl')).toEqual(['Red'])
    expect(stated('[{"answer": "Red", "probability": 7}]')).toEqual([null])
  })

  it('is in tags, as verbalised sampling asks for, the last cut off', () => {
    const said = `<response>
<text>The lighthouse
blinked twice.</text>
<probability>0.09</probability>
</response>
<response><text>Rain.</text><probability>0.07</probability></response>
<response><text>A door opens on`
    expect(readList(said)).toEqual([
      { text: 'The lighthouse\nblinked twice.', probability: 0.09 },
      { text: 'Rain.', probability: 0.07 },
      { text: 'A door opens on', probability: null }
    ])
  })

  it('is short lines without marks, or one answer where there is no list', () => {
    expect(texts('Red\nBlue\nGreen')).toEqual(['Red', 'Blue', 'Green'])
    expect(texts('<think>1. a\n2. b</think>Blue.')).toEqual(['Blue.'])
    expect(texts('It is blue.\nOr so they say.')).toEqual(['It is blue.\nOr so they say.'])
    expect(texts('In 1. place')).toEqual(['In 1. place'])
    expect(texts(' \n')).toEqual([])
  })

  it('reads a list behind any white space in time that grows with its length', () => {
    const said = `{${' '.repeat(200_000)}x`
    const startedMs = performance.now()
    expect(texts(said)).toHaveLength(1)
    // Seconds, where the time grows with the square of the length.
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })
})
