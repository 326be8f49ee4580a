import type { Rendering, RenderedPrompt } from '../../../contract/documents/crc'
import type { ScoredTask } from '../../../contract/documents/scored-by'
import type { TrackedPrompt } from '../../../contract/procedures/engine'
import type { Task, TaskPrompt } from '../../../contract/documents/task'
import { inputError } from '../../../contract/model/problem'
import { AnswerReader } from '../../answers/read-answer'
import { renderSamplePrompts } from '../../answers/render-sample-prompts'
import { AnswerWriter, type TokenizedAnswers } from '../../answers/written-forms'
import { promptName } from '../../text/prompt-name'
import type { TextModel } from '../../text/text-model'
import { elementAt } from '../../../contract/model/look-up'

/** A task with listed right answers, as tokens for the engine. */
interface RenderedTask {
  /** Questions that list right answers. `valid` holds the first name of each answer. */
  prompts: RenderedPrompt[]
  /** The questions themselves, parallel to `prompts`. */
  asked: TaskPrompt[]
  /**
   * Groups of token sequences for each prompt. Each right answer has a group of complete sequences. The last group
   * holds the sequences with which any right answer begins, whatever follows.
   */
  groups: TrackedPrompt['groups'][]
  notices: string[]
}

/** Renders the questions of a task, and of a task to keep, and lists the token sequences that the engine scores. */
export async function renderTask(
  { task, keep }: ScoredTask,
  rendering: Rendering,
  text: TextModel,
  endTokens: readonly number[]
): Promise<RenderedTask> {
  const toRegain = await renderQuestions(task, rendering, text, endTokens)
  if (keep === undefined) return toRegain
  const toKeep = await renderQuestions(keep, rendering, text, endTokens)
  return {
    asked: [...toRegain.asked, ...toKeep.asked],
    prompts: [...decidingPrompts('diversity', 'regain', toRegain), ...decidingPrompts('validity', 'keep', toKeep)],
    groups: [...toRegain.groups, ...toKeep.groups],
    notices: [...new Set([...toRegain.notices, ...toKeep.notices])]
  }
}

async function renderQuestions(
  task: Task,
  rendering: Rendering,
  text: TextModel,
  endTokens: readonly number[]
): Promise<RenderedTask> {
  requireScorable(task.name, task.reading.kind, endTokens)
  const answerable = task.prompts.filter(({ answers }) => answers !== undefined)
  if (answerable.length === 0) {
    throw inputError(
      `The task "${task.name}" lists no right answers, so nothing of it can be scored exactly.`,
      'Sample answers to it with "slr evaluate".'
    )
  }
  const rendered = await renderSamplePrompts(answerable, rendering, text)
  const writer = await AnswerWriter.create(task, new AnswerReader(task), text, endTokens)
  const written: TokenizedAnswers[] = []
  for (const [index, { tokens }] of rendered.prompts.entries()) {
    written.push(await writer.write(elementAt(answerable, index, 'prompt'), tokens))
  }
  const unwritten = written.findIndex(({ answers }) => answers.length === 0)
  if (unwritten !== -1) {
    throw inputError(
      `${promptName(elementAt(answerable, unwritten, 'prompt'), unwritten)} lists no answer that this task ` +
        'would read as right.',
      'Look at how the task reads answers, and at its longest answer in tokens.'
    )
  }
  return {
    asked: answerable,
    prompts: rendered.prompts.map((prompt, index) => ({
      text: prompt.text,
      // Tasks may have prompts without a category, sweeps may not.
      category: prompt.category === '' ? NO_CATEGORY : prompt.category,
      valid: elementAt(written, index, 'prompt').answers.map(({ name }) => name),
      rendered: prompt.rendered,
      tokens: prompt.tokens,
      unreachable: []
    })),
    groups: written.map(({ answers, begun }) => [
      ...answers.map(({ sequences }) => sequences.map((sequence) => [...sequence])),
      begun.map((sequence) => [...sequence])
    ]),
    notices: [...rendered.notices, ...leftOut(task.prompts.length - answerable.length)]
  }
}

const NO_CATEGORY = 'no category'
/** Maximum length of a category's name, in characters. */
const MAX_CATEGORY = 200

/** Marks the prompts of one of two tasks with the measure that they decide, and names their categories by the task. */
const decidingPrompts = (
  measure: RenderedPrompt['measure'],
  role: string,
  { prompts }: RenderedTask
): RenderedPrompt[] =>
  prompts.map((prompt) => ({
    ...prompt,
    measure,
    category: prompt.category === NO_CATEGORY ? role : `${role}: ${prompt.category}`.slice(0, MAX_CATEGORY)
  }))

/** Returns a notice on questions without right answers. */
function leftOut(count: number): string[] {
  if (count === 0) return []
  return [
    `${count} ${count === 1 ? 'question of the task lists' : 'questions of the task list'} no right answers and ` +
      `${count === 1 ? 'is' : 'are'} left out.`
  ]
}

/** @throws WorkbenchError for a task whose right answers cannot be listed as tokens */
function requireScorable(name: string, reading: string, endTokens: readonly number[]): void {
  if (reading === 'last-number') {
    throw inputError(
      `The task "${name}" reads the last number of longer answers, whose ways there cannot be listed.`,
      'Sample answers to it with "slr evaluate".'
    )
  }
  if (endTokens.length > 0) return
  throw inputError(
    'The post-trained model names no token that ends an answer, so no answer is ever whole.',
    'Name it as eos_token_id in generation_config.json or config.json.'
  )
}
