import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { resourcePath } from '../../../../src/main/base/resources'
import { inspectPair } from '../../../../src/main/checkpoint/pair'
import { StoredTurn } from '../../../../src/contract/documents/conversation'
import { ChatQuestion, type ChatAnswer, type ChatEvent } from '../../../../src/contract/procedures/chat'
import type { SampleSettings } from '../../../../src/contract/documents/samples'
import { OPEN_SAMPLING } from '../../../../src/contract/model/sampling'
import type { ProjectState } from '../../../../src/contract/documents/project'
import { rangeModel } from '../../../../src/contract/model/model'
import type { Chat } from '../../../../src/renderer/chat/chat.svelte'
import { elementAt } from '../../../../src/contract/model/look-up'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { GREEDY_SETTINGS } from '../../../fixtures/few-answers'
import type { ScriptedLine } from '../../../fixtures/scripted-line'
import { pairBrief, projectState, settled, openSession } from '../../../fixtures/scripted-line'
import { KEPT_AT, NOT_SCORED } from '../../../fixtures/project-documents'
import type { Stream } from '../../../fixtures/stream'
import { waitFor } from '../../../fixtures/wait-for'

const SETTINGS: SampleSettings = {
  ...GREEDY_SETTINGS,
  sampling: OPEN_SAMPLING,
  maxTokens: 8,
  sampleCount: 8
}
const PAIR = await inspectPair(resourcePath('blend-pair', 'base'), resourcePath('blend-pair', 'post'))

const said = (column: number, ...texts: string[]): ChatAnswer[] =>
  texts.map((text, index) => ({ column, index, text, finish: 'stop' }))
const told = (...answers: ChatAnswer[]): ChatEvent => ({
  type: 'update',
  notices: [],
  answers,
  progress: null
})

/** A chat that has everything that it needs, on a line that the test plays. */
async function openChat(changes: Partial<ProjectState> = {}, stored: readonly StoredTurn[] = []) {
  const { line, session } = await openSession(projectState({ pair: PAIR, ...changes }))
  session.chat.attach()
  await line.answer('samples.defaults', 0, SETTINGS)
  await line.answer('chat.turns', 0, stored)
  return { line, chat: session.chat, session }
}

/** A project with two pairs of which one is open. */
const openPair = (
  id: 'pair-1' | 'pair-2',
  document: Partial<ProjectState['document']> = {},
  stored: readonly StoredTurn[] = []
) =>
  openChat(
    {
      pairs: [pairBrief({ id: 'pair-1' }), pairBrief({ id: 'pair-2' })],
      document: { ...projectState().document, id, ...document }
    },
    stored
  )

/** Answers all calls that store turns. @returns the turns that main has then */
async function store({ line }: { line: ScriptedLine }): Promise<StoredTurn[]> {
  const stored = new Map<string, StoredTurn>()
  for (let place = 0; place < line.of('chat.saveTurn').length; place++) {
    await line.answer('chat.saveTurn', place, projectState({ pair: PAIR }))
    const { turn } = z.object({ turn: StoredTurn }).parse(line.call('chat.saveTurn', place).input)
    stored.set(turn.id, turn)
  }
  return [...stored.values()]
}

/** Asks a question, which each model answers at once. @param place of the call */
async function converse({ line, chat }: { line: ScriptedLine; chat: Chat }, text: string, place = 0): Promise<void> {
  chat.draft = text
  void chat.send()
  const answers = await stream(line, place)
  await answers.tell(told(...said(0, 'a'), ...said(1, 'b'), ...said(2, 'c')))
  await answers.over()
}

/** A state in which the conversation was saved since the earlier state. */
const conversationSaved = (revision: number): ProjectState =>
  projectState({ pair: PAIR, revision, saved: { ...projectState().saved, conversation: revision } })

const questions = (chat: Chat): string[] => chat.turns.map(({ text }) => text)

const asked = (line: ScriptedLine, place: number): ChatQuestion =>
  ChatQuestion.parse(line.call('chat.answer', place).input)

async function stream(line: ScriptedLine, place: number): Promise<Stream<ChatEvent>> {
  const answers = await line.stream<ChatEvent>('chat.answer', place)
  return answers
}

const shown = (chat: Chat, turn: number, column: 'base' | 'post' | 'range'): [string, number][] =>
  (elementAt(chat.turns, turn, 'turn').answers[column]?.cell.groups ?? []).map(({ text, count }) => [text, count])

describe('the chat', () => {
  it('asks base, post and a range, shows what grows, and equal answers once', async () => {
    const { line, chat } = await openChat()
    chat.draft = ' Name a colour. '
    void chat.send()
    await settled()
    const { settings, columns } = asked(line, 0)
    expect(settings).toMatchObject({ sampleCount: 4, seed: 1 })
    expect(columns.map(({ variant }) => variant.name)).toEqual(['base', 'post', 'Layers 4–11'])
    expect(columns.map(({ turns }) => turns)).toEqual(
      Array.from({ length: 3 }, () => [{ role: 'user', content: 'Name a colour.' }])
    )
    expect(chat.draft).toBe('')
    const answers = await stream(line, 0)
    await answers.tell(told({ column: 1, index: 0, text: 'Bl', finish: null }))
    expect(elementAt(chat.turns, 0, 'turn').answers.post?.cell.growing.map(({ text }) => text)).toEqual(['Bl'])
    await answers.tell(told(...said(1, 'Blue', 'Red', 'Blue.', 'blue'), ...said(0, 'x')))
    expect(shown(chat, 0, 'post')).toEqual([
      ['Blue', 3],
      ['Red', 1]
    ])
    await answers.over()
    expect(chat.job.busy).toBe(false)
    expect(elementAt(chat.turns, 0, 'turn').answers.base?.cut).toBe(true)
    expect(elementAt(chat.turns, 0, 'turn').answers.post?.cut).toBe(false)
  })

  it('puts a refused question back into the field, and out of the conversation', async () => {
    const { line, chat } = await openChat()
    chat.draft = 'Too long.'
    void chat.send()
    await settled()
    await line.refuse('chat.answer', 0, new WorkbenchError('bad-input', 'No room.'))
    const [turn] = await store({ line })
    await waitFor(() => expect(line.of('chat.clear')).toHaveLength(1))
    expect([chat.draft, chat.turns, chat.job.failure?.message]).toEqual(['Too long.', [], 'No room.'])
    expect(line.call('chat.clear', 0).input).toMatchObject({ turns: [turn?.id] })
  })

  it('stores finished answers while others are being written', async () => {
    const { line, chat } = await openChat()
    chat.draft = 'Hello.'
    void chat.send()
    const answers = await stream(line, 0)
    await answers.tell(told(...said(1, 'b'), { column: 0, index: 0, text: 'Gr', finish: null }))
    const [turn] = await store({ line })
    expect(turn?.answers['post']?.finished.map(({ text }) => text)).toEqual(['b'])
    expect(turn?.answers['base']?.finished).toEqual([])
    await answers.over()
  })

  it("continues with each model's most frequent answer, or with the chosen one", async () => {
    const { line, chat } = await openChat()
    chat.draft = 'Hello.'
    void chat.send()
    const answers = await stream(line, 0)
    await answers.tell(told(...said(0, 'a'), ...said(1, 'b', 'c', 'c')))
    await answers.over()
    chat.pick('base', 'a')
    chat.draft = 'And?'
    void chat.send()
    await settled()
    const [base, post, recipe] = asked(line, 1).columns
    expect(base?.turns.map(({ content }) => content)).toEqual(['Hello.', 'a', 'And?'])
    expect(post?.turns.map(({ content }) => content)).toEqual(['Hello.', 'c', 'And?'])
    // It has answered nothing.
    expect(recipe?.turns.map(({ content }) => content)).toEqual(['And?'])
  })

  it('has only the recipe answer again when the layers are moved, and the unfinished answers', async () => {
    const { line, chat } = await openChat()
    chat.draft = 'Hello.'
    void chat.send()
    const first = await stream(line, 0)
    await first.tell(
      told(...said(0, 'a', 'a', 'a', 'a'), ...said(1, 'b', 'b', 'b', 'b'), ...said(2, 'c', 'c', 'c', 'c'))
    )
    await first.over()
    chat.chooseRange({ start: 2, end: 3 })
    chat.chooseRange({ start: 2, end: 5 })
    await waitFor(() => expect(line.of('chat.answer')).toHaveLength(2))
    expect(asked(line, 1).columns.map(({ variant }) => variant.name)).toEqual(['Layers 2–5'])
    expect(asked(line, 1).settings.seed).toBe(2)
    expect(shown(chat, 0, 'base')).toEqual([['a', 4]])
    expect(shown(chat, 0, 'range')).toEqual([])

    const second = await stream(line, 1)
    await second.over()
    void chat.askAgain()
    await settled()
    await (await stream(line, 2)).tell(told(...said(0, 'a', 'a')))
    chat.chooseRange({ start: 0, end: 0 })
    await waitFor(() => expect(line.of('chat.answer')).toHaveLength(4))
    expect(line.call('chat.answer', 2).signal?.aborted).toBe(true)
    expect(asked(line, 3).columns.map(({ variant }) => variant.name)).toEqual(['base', 'post', 'Layer 0'])
  })

  it('keeps a text that is sent before the conversation and the sampler settings are there, until it can be sent', async () => {
    const { line, session } = await openSession(projectState({ pair: PAIR }))
    const { chat } = session
    chat.attach()
    chat.draft = 'Hello.'
    await chat.send()
    expect([chat.sendsWhenLoaded, chat.draft, chat.blocked]).toEqual([
      true,
      'Hello.',
      'The conversation is being read.'
    ])
    await line.answer('samples.defaults', 0, SETTINGS)
    await line.answer('chat.turns', 0, [])
    expect([chat.sendsWhenLoaded, chat.loading]).toEqual([true, null])
    void chat.send()
    await settled()
    expect([chat.sendsWhenLoaded, questions(chat)]).toEqual([false, ['Hello.']])
  })

  it('stores received parts of answers before a reload, and shows them as unfinished after it', async () => {
    const { line, chat, session } = await openChat()
    chat.draft = 'Hello.'
    void chat.send()
    const answers = await stream(line, 0)
    await answers.tell(told({ column: 1, index: 2, text: 'half', finish: null }))
    void session.flush()
    const { chat: reloaded } = await openChat({}, await store({ line }))
    const post = elementAt(reloaded.turns, 0, 'turn').answers.post
    expect(post?.cell.growing.map(({ index, text }) => [index, text])).toEqual([[2, 'half']])
    expect([post?.running, post?.cut]).toEqual([false, true])
    await answers.over()
  })

  it('shows turns that another window stores, but none while its own answers are written', async () => {
    const other = await openChat()
    await converse(other, 'Name a bird.')
    const turns = await store(other)
    const { line, chat, session } = await openChat()
    session.accept(conversationSaved(2))
    await line.answer('chat.turns', 1, turns)
    expect([questions(chat), shown(chat, 0, 'post')]).toEqual([['Name a bird.'], [['b', 1]]])
    const [first] = chat.turns
    session.accept(conversationSaved(3))
    await line.answer('chat.turns', 2, turns)
    expect(chat.turns[0]).toBe(first)
    chat.draft = 'Name a colour.'
    void chat.send()
    session.accept(conversationSaved(4))
    await settled()
    expect([line.of('chat.turns').length, questions(chat)]).toEqual([3, ['Name a bird.', 'Name a colour.']])
  })

  it('stops on demand with the finished part, and is restored after a reload', async () => {
    const { line, chat } = await openChat()
    chat.draft = 'Hello.'
    void chat.send()
    const answers = await stream(line, 0)
    await answers.tell(told(...said(1, 'b'), { column: 1, index: 1, text: 'half', finish: null }))
    chat.chooseRange({ start: 1, end: 2 })
    chat.cancel()
    expect(line.call('chat.answer', 0).signal?.aborted).toBe(true)
    expect(chat.job.busy).toBe(false)
    chat.draft = 'And'
    chat.save()
    await settled()

    const { chat: reloaded } = await openChat({}, await store({ line }))
    expect(reloaded.draft).toBe('And')
    expect(reloaded.turns.map(({ text }) => text)).toEqual(['Hello.'])
    expect(shown(reloaded, 0, 'post')).toEqual([['b', 1]])
    expect(elementAt(reloaded.turns, 0, 'turn').answers.post?.cut).toBe(true)
    expect(reloaded.rangeVariant.name).toBe('Layers 1–2')
  })

  it("has a separate conversation with each pair, and offers one pair's question to another", async () => {
    const first = await openPair('pair-1')
    first.chat.chooseRange({ start: 2, end: 5 })
    await converse(first, 'Name a colour.')

    const second = await openPair('pair-2')
    const stored = await store(first)
    expect(second.line.call('chat.turns', 1).input).toMatchObject({ pair: 'pair-1' })
    await second.line.answer('chat.turns', 1, stored)
    expect([questions(second.chat), second.chat.rangeVariant.name]).toEqual([[], 'Layers 4–11'])
    expect(second.chat.suggestedQuestion).toBe('Name a colour.')
    void second.chat.askSuggested()
    await settled()
    expect(asked(second.line, 0).columns.map(({ turns }) => turns)).toEqual(
      Array.from({ length: 3 }, () => [{ role: 'user', content: 'Name a colour.' }])
    )
    await (await stream(second.line, 0)).over()
    await converse(second, 'And a bird?', 1)
    expect(second.chat.suggestedQuestion).toBeNull()
    const stores = [first, second].map(({ line }) => line.call('chat.saveTurn', 0).input)
    expect(stores).toMatchObject([{ pair: 'pair-1' }, { pair: 'pair-2' }])
    expect((await store(second)).map(({ text }) => text)).toEqual(['Name a colour.', 'And a bird?'])
  })

  it('asks the variants that are chosen from the list, and a new one at once about the last turn', async () => {
    const recipe = { ...rangeModel({ start: 0, end: 1 }).recipe, name: 'mine' }
    const recipes = [{ id: 'one', mark: 0, recipe, keptAt: KEPT_AT, ...NOT_SCORED }]
    const opened = await openPair('pair-1', { recipes })
    const { line, chat, session } = opened
    chat.askRange(false)
    await converse(opened, 'Hello.')
    session.chatWith('one')
    await waitFor(() => expect(line.of('chat.answer')).toHaveLength(2))
    const namesAsked = (place: number): string[] => asked(line, place).columns.map(({ variant }) => variant.name)
    expect([namesAsked(0), namesAsked(1)]).toEqual([['base', 'post'], ['mine']])
    expect(session.variants.sampled.map(({ name }) => name)).toEqual(['base', 'post', 'mine'])
    expect([...(await openPair('pair-1', { recipes })).chat.variantsByColumn.keys()]).toEqual(['base', 'post', 'one'])
  })

  it('asks a listed model once while the sliders have its range, and names two models apart', async () => {
    const { recipe } = rangeModel({ start: 4, end: 11 })
    const kept = { mark: 0, keptAt: KEPT_AT, ...NOT_SCORED }
    const recipes = [
      { ...kept, id: 'same', recipe },
      { ...kept, id: 'other', recipe: { ...rangeModel({ start: 0, end: 1 }).recipe, name: 'Layers 5–11' } }
    ]
    const { chat, session } = await openPair('pair-1', { recipes })
    const asks = (): string[] => [...chat.variantsByColumn].map(([key, { name }]) => `${key}: ${name}`)
    session.variants.chat(['same', 'other'])
    expect(asks()).toEqual(['other: Layers 5–11', 'range: Layers 4–11'])
    chat.chooseRange({ start: 5, end: 11 })
    expect(asks()).toEqual(['same: Layers 4–11', 'other: Layers 5–11', 'range: Layers 5–11 (2)'])
  })

  it('ends a chosen range at the last layer of a pair that now has fewer', async () => {
    const { chat, session } = await openChat()
    chat.chooseRange({ start: 10, end: 11 })
    expect(chat.rangeVariant.name).toBe('Layers 10–11')
    session.accept(projectState({ revision: 2, pair: { ...PAIR, post: { ...PAIR.post, layerCount: 6 } } }))
    expect([chat.rangeVariant.name, chat.range]).toEqual(['Layer 5', { start: 5, end: 5 }])
  })

  it('has main undo a clear, and shows the turns that main has then', async () => {
    const opened = await openChat()
    const { line, chat, session } = opened
    const { history } = session
    await converse(opened, 'Name a colour.')
    const [cleared] = await store(opened)
    void chat.clear()
    expect(chat.turns).toEqual([])
    await line.answer('chat.clear', 0, projectState({ pair: PAIR, revision: 5 }))
    expect(line.call('chat.clear', 0).input).toMatchObject({ turns: [cleared?.id] })
    expect(history.notice?.text).toBe('Cleared the chat')
    await converse(opened, 'Name a bird.', 1)
    const answered = elementAt(chat.turns, 0, 'turn')
    const turns = await store(opened)
    void history.undo()
    await line.answer('projects.revert', 0, conversationSaved(8))
    expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [5] })
    await line.answer('chat.turns', 1, turns)
    expect(questions(chat)).toEqual(['Name a colour.', 'Name a bird.'])
    expect(shown(chat, 0, 'post')).toEqual([['b', 1]])
    expect(chat.turns[1]).toBe(answered)
    expect(history.redoable).toBe('clear the chat')
  })

  it('shows a conversation again that could not be cleared', async () => {
    const opened = await openChat()
    await converse(opened, 'Name a colour.')
    const turns = await store(opened)
    void opened.chat.clear()
    await opened.line.refuse('chat.clear', 0, new Error('The disk is full.'))
    await opened.line.answer('chat.turns', 1, turns)
    expect(questions(opened.chat)).toEqual(['Name a colour.'])
    expect(opened.session.history.undoable).toBeNull()
  })

  it('stores turns that a full disk refused with the next write, but no cleared turn', async () => {
    const { line, chat, session } = await openChat()
    chat.draft = 'Name a colour.'
    void chat.send()
    const full = new WorkbenchError('read-only', 'The disk is full.')
    await line.refuse('chat.saveTurn', 0, full)
    void session.set('compute on the GPU', { settings: { device: 'webgpu' } })
    await line.answer('pairs.update', 0, projectState({ pair: PAIR }))
    expect([line.of('chat.saveTurn').length, session.unsaved]).toEqual([2, null])
    await line.refuse('chat.saveTurn', 1, full)
    expect(session.unsaved?.why).toBe('The last change could not be written.')
    void chat.clear()
    await line.refuse('chat.saveTurn', 2, full)
    await line.answer('chat.clear', 0, projectState({ pair: PAIR }))
    expect([line.of('chat.saveTurn').length, session.unsaved]).toEqual([3, null])
  })

  it('keeps prompts among those of Samples and ranges among the recipes', async () => {
    const { line, chat } = await openChat()
    expect(chat.isKeptPrompt('Hello.')).toBe(false)
    void chat.keepPrompt('Hello.')
    await settled()
    expect(line.call('samples.savePrompts', 0).input).toMatchObject({
      prompts: [{ text: 'Hello.', category: '', raw: false }]
    })
    expect(chat.isKeptPrompt('Hello.')).toBe(true)
    await line.answer('samples.savePrompts', 0, projectState({ pair: PAIR }))
    chat.chooseRange({ start: 2, end: 3 })
    void chat.keepRange()
    await settled()
    expect(line.call('recipes.keep', 0).input).toMatchObject({
      recipe: { name: 'Layers 2–3', ranges: [[2, 3]] }
    })
  })
})
