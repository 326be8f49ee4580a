import { describe, expect, it } from 'vitest'
import type { ChatColumn, ChatEvent } from '../../../src/contract/procedures/chat'
import { Devices } from '../../../src/main/work/devices'
import { ProjectJobs } from '../../../src/main/jobs/jobs'
import { createProject } from '../../../src/main/project/create-project'
import type { Project } from '../../../src/main/project/project'
import { temporaryFolder } from '../../fixtures/checkpoint-builder'
import { GREEDY_SETTINGS } from '../../fixtures/few-answers'
import { HeldEngine } from '../../fixtures/held-engine'
import { PROMPTS } from '../../fixtures/project-documents'
import { sharedEngine } from '../../fixtures/shared-engine'

const user = (content: string): ChatColumn['turns'][number] => ({ role: 'user', content })
const POST: ChatColumn = { variant: { kind: 'post', name: 'post' }, turns: [user('Name a colour.')] }
const RANGE: ChatColumn = {
  variant: { kind: 'recipe', name: 'range', recipe: { name: 'range', ranges: [[4, 11]] } },
  turns: [user('Name an animal.'), { role: 'assistant', content: 'Cat.' }, user('Name a colour.')]
}

async function demo(): Promise<Project> {
  const folder = await temporaryFolder()
  return createProject({ folder, name: 'Demo', pair: { kind: 'demo', pair: 'blend' }, prompts: PROMPTS })
}

/** Collects the answers by column. */
async function answered(events: AsyncIterable<ChatEvent>): Promise<string[]> {
  const texts: string[] = []
  let finished = false
  for await (const event of events) {
    if (event.type === 'finished') finished = true
    else for (const { column, text, finish } of event.answers) if (finish !== null) texts[column] = text
  }
  expect(finished).toBe(true)
  return texts
}

describe('a conversation with models side by side', () => {
  it('continues with each model as it does with that model only', async () => {
    const project = await demo()
    const jobs = new ProjectJobs(sharedEngine, new Devices(() => sharedEngine))
    const ask = (...columns: ChatColumn[]): Promise<string[]> =>
      answered(jobs.chats.answer(project.firstPair, { settings: GREEDY_SETTINGS, columns }))
    const [post] = await ask(POST)
    const [range] = await ask(RANGE)
    expect(post).toBeTruthy()
    expect(await ask(POST, RANGE)).toEqual([post, range])
    await expect(ask({ ...POST, turns: RANGE.turns.slice(0, 2) })).rejects.toThrow('has to end with a turn of the user')
    const long = { ...RANGE, turns: [user('word '.repeat(600)), ...RANGE.turns.slice(1)] }
    await expect(ask(POST, long)).rejects.toMatchObject({
      problem: {
        message: expect.stringContaining('The conversation has'),
        hint: expect.stringContaining('Clear the chat')
      }
    })
    await project.close()
  })

  it('makes way for a job', async () => {
    const project = await demo()
    const engine = new HeldEngine(sharedEngine)
    const jobs = new ProjectJobs(engine, new Devices(() => sharedEngine))
    const reached = engine.holdAt(({ type }) => type === 'step')
    const answer = answered(jobs.chats.answer(project.firstPair, { settings: GREEDY_SETTINGS, columns: [POST] }))
    const failed = expect(answer).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    await reached()
    await jobs.samples.start(project.firstPair, GREEDY_SETTINGS, [POST.variant])
    await failed
    await jobs.cancelAll()
    await project.close()
  })
})
