import { z } from 'zod'

/** A prompt of worked examples in plain text, after which base answers without a chat template (arXiv 2312.01552). */
export const FewShotPrompt = z
  .object({
    /** Text before the examples. */
    preamble: z.string().max(10_000),
    examples: z
      .array(z.object({ question: z.string().min(1).max(10_000), answer: z.string().min(1).max(10_000) }).strict())
      .max(20),
    /** Text that ends an answer. */
    stop: z.string().min(1).max(100)
  })
  .strict()
export type FewShotPrompt = z.infer<typeof FewShotPrompt>

/** Prompts in the format of a few-shot prompt, parallel to the prompts in the chat template. */
export const FewShotPrompts = z.object({
  format: FewShotPrompt,
  prompts: z.array(z.object({ rendered: z.string(), tokens: z.array(z.number().int().nonnegative()).min(1) }))
})
export type FewShotPrompts = z.infer<typeof FewShotPrompts>

/** The word that names base after a few-shot prompt. */
export const FEW_SHOT_WORD = 'base:few-shot'

/** Default prompts: for one random character, for one of several listed answers, and for free text. */
export const FEW_SHOT_DEFAULTS = {
  characters: {
    preamble: 'Each question asks for one random choice. Each answer is one character, and nothing else.',
    examples: [
      { question: 'Give me one random vowel.', answer: 'U' },
      { question: 'Pick one random even digit.', answer: '4' },
      { question: 'Choose one random letter of the word PLANET.', answer: 'N' }
    ],
    stop: '\n'
  },
  listed: {
    preamble: 'Each question has many right answers. Each answer is one of them, and nothing else.',
    examples: [
      { question: 'Name a knot.', answer: 'Bowline' },
      { question: 'Name a cheese.', answer: 'Gouda' },
      { question: 'Name a dance.', answer: 'Tango' }
    ],
    stop: '\n'
  },
  open: {
    preamble: 'Each question is followed by the answer of a helpful and honest assistant.',
    examples: [
      { question: 'Why is the sky blue?', answer: 'Air scatters blue light more than red light.' },
      {
        question: 'Write a sentence about a bridge in fog.',
        answer: 'One lamp at a time, the bridge gave its far end to the fog.'
      },
      { question: 'A book costs 4 dollars. What do 3 books cost?', answer: '3 x 4 = 12, so 12 dollars.' }
    ],
    stop: '\nQuestion:'
  }
} as const satisfies Readonly<Record<string, FewShotPrompt>>

const ANSWER_LABEL = 'Answer:'

/** Removes the space between a few-shot prompt and its answer. A prompt in another format needs none. */
export const fewShotAnswer = (prompt: string, text: string): string =>
  prompt.endsWith(ANSWER_LABEL) ? text.replace(/^ /, '') : text

interface Turn {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** Returns a conversation in the format, up to the beginning of its next answer. A system turn follows the preamble. */
export function fewShotText({ preamble, examples }: FewShotPrompt, turns: readonly Turn[]): string {
  const worked = examples.flatMap(({ question, answer }): Turn[] => [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ])
  const system = [preamble, ...turns.filter(isSystem).map(({ content }) => content)]
  return [
    ...system.filter((content) => content !== '').map((content) => `${content}\n\n`),
    ...[...worked, ...turns.filter((turn) => !isSystem(turn))].map(({ role, content }) =>
      // Answers in older files begin with the space.
      role === 'user' ? `Question: ${content}\n${ANSWER_LABEL}` : ` ${content.trimStart()}\n\n`
    )
  ].join('')
}

const isSystem = ({ role }: Turn): boolean => role === 'system'

/** Reads the text of a few-shot prompt without a conversation. @param stop text that ends an answer @throws Error */
export function readFewShotText(text: string, stop: string): FewShotPrompt {
  const [preamble = '', ...parts] = text.split(/^Question:/m)
  if (parts.length === 0) throw new Error('has no example: expected a line "Question: …" and a line "Answer: …"')
  const examples = parts.map((part, index) => {
    const [question = '', answer, ...further] = part.split(/^Answer:/m).map((side) => side.trim())
    if (question !== '' && answer !== undefined && answer !== '' && further.length === 0) return { question, answer }
    throw new Error(`example ${index + 1}: expected a line "Question: …" and a line "Answer: …"`)
  })
  return { preamble: preamble.trim(), examples, stop }
}
