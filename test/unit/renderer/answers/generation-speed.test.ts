import { expect, it } from 'vitest'
import { GenerationSpeed } from '../../../../src/renderer/answers/generation-speed.svelte'
import { projectState, ScriptedLine } from '../../../fixtures/scripted-line'

it('is learned from runs of many answers alone: few are slower, each, and would foretell hours', async () => {
  const { session } = await new ScriptedLine().openProject(projectState({}))
  const speed = new GenerationSpeed(session)
  const unknown = 'time not known before a run of 64 answers'
  for (const reached of [
    null,
    { samplesDone: 12, tokensPerSecond: 7 },
    { samplesDone: 64, tokensPerSecond: null }
  ]) {
    speed.heard('cpu', reached)
    expect(speed.most('cpu', 32, 5376)).toBe(unknown)
  }
  speed.heard('cpu', { samplesDone: 64, tokensPerSecond: 1024 })
  expect(speed.most('cpu', 32, 5376)).toBe('at most 2 min 48 s at the last run’s speed')
  speed.heard('cpu', { samplesDone: 12, tokensPerSecond: 7 })
  expect(speed.most('cpu', 32, 5376)).toBe('at most 2 min 48 s at the last run’s speed')
  expect(speed.most('webgpu', 32, 5376)).toBe(unknown)
})
