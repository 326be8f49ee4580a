/** A line without its text and tokens: names, numbers and how the answer ended. */
const LINE_BYTES = 80
/** A token as a number, and as its share of the text. */
const TOKEN_BYTES = 10

/** What answers take in a file of them, in bytes, however short they are. */
export const leastAnswerBytes = (answerCount: number): number => answerCount * LINE_BYTES

/** The same when none ends before it must. */
export const mostAnswerBytes = (answerCount: number, maxTokens: number): number =>
  answerCount * (LINE_BYTES + maxTokens * TOKEN_BYTES)
