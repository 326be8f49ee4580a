/** Bytes of a line without its text and tokens. */
const LINE_BYTES = 80
/** Bytes of a token as a number, and of its share of the text. */
const TOKEN_BYTES = 10

/** Estimates the smallest file of answers, in bytes. */
export const minAnswerBytes = (answerCount: number): number => answerCount * LINE_BYTES

/** Estimates the largest file, in which every answer has its maximal length. */
export const maxAnswerBytes = (answerCount: number, maxTokens: number): number =>
  answerCount * (LINE_BYTES + maxTokens * TOKEN_BYTES)
