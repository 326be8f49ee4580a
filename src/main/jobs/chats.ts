import type { ChatAnswer, ChatEvent, ChatQuestion } from '../../contract/procedures/chat'
import type { SampleProgress } from '../../contract/documents/samples'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { prepareChat } from '../samples/chat'
import { generateSamples, type SampleKey, type SampleListener } from '../samples/run-samples'
import { type Facts, Job } from './job'
import type { JobContext } from './job-context'

/** Milliseconds between updates, short enough to read an answer while it is generated. */
const INTERVAL_MS = 60

/** Facts that the job of a conversation stores for its watchers, see {@link Facts}. */
type ChatFact =
  | { type: 'notices'; notices: string[] }
  | { type: 'progress'; progress: SampleProgress }
  | { type: 'answer'; answer: ChatAnswer }

/** Answers of a pair's models in conversations. */
export class Chats {
  constructor(private readonly context: JobContext) {}

  /** Streams the next answer of each model to its conversation, until the stream is closed or a job starts. */
  async *answer(pair: ProjectPair, question: ChatQuestion, signal?: AbortSignal): AsyncGenerator<ChatEvent> {
    const { engine, turns } = this.context
    const { location, rendering } = pair.document
    const create = (): Job<ChatEvent, ChatFact> =>
      new Job<ChatEvent, ChatFact>({
        name: 'the conversation',
        run: async (_id, facts, cancelled) => {
          const prepared = await prepareChat({ ...question, ...pairPaths(location), rendering })
          facts.set('notices', { type: 'notices', notices: prepared.notices })
          await generateSamples(engine.client(), prepared.work, listener(facts), cancelled)
          return { type: 'finished' }
        },
        snapshot: (_id, facts) => eventOf(facts),
        events: (facts) => (facts.length === 0 ? [] : [eventOf(facts)])
      })
    yield* turns.answer(pair, create, signal)
  }
}

/** Stores answers as facts. Each variant has a column of the window and one prompt, so column and index are a key. */
function listener(facts: Facts<ChatFact>): SampleListener {
  const set = (key: SampleKey, text: string, finish: ChatAnswer['finish']): void => {
    const { variant: column, index } = key
    facts.set(`${column}/${index}`, { type: 'answer', answer: { column, index, text, finish } })
  }
  return {
    intervalMs: INTERVAL_MS,
    keep: () => Promise.resolve(),
    progress: (progress) => facts.set('progress', { type: 'progress', progress }),
    samples: (finished, growing) => {
      for (const { key, line } of finished) set(key, line.text, line.finish)
      for (const { key, sample } of growing) set(key, sample.text, null)
    }
  }
}

function eventOf(facts: readonly ChatFact[]): ChatEvent {
  return {
    type: 'update',
    notices: facts.find((fact) => fact.type === 'notices')?.notices ?? [],
    answers: facts.flatMap((fact) => (fact.type === 'answer' ? [fact.answer] : [])),
    progress: facts.find((fact) => fact.type === 'progress')?.progress ?? null
  }
}
