import { expect, it } from 'vitest'
import { judgingOf } from '../../../../src/main/evaluation/judging'
import { judgeStored } from '../../../../src/main/work/judging'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { says, startJudgeEndpoint } from '../../../fixtures/judge-endpoint'
import { openDemo } from '../../../fixtures/open-demo'
import { problemOf } from '../../../fixtures/problems'
import { sampleLine } from '../../../fixtures/sample-run'

it('keeps the verdicts of a judge in sight until another one has replied', async () => {
  const pair = (await openDemo()).firstPair
  const { evaluations } = pair
  const run = evaluationRun()
  await evaluations.add(run)
  await evaluations.appendSamples(run.id, [sampleLine('post', 0, 0, 'The sea.'), sampleLine('post', 0, 1, 'The hill.')])
  const judge = async (reply: string | null): Promise<string> => {
    const { settings } = await startJudgeEndpoint((_, response) =>
      reply === null ? response.writeHead(401).end() : response.end(says(reply))
    )
    const judging = judgeStored(pair, run.id, { settings, apiKey: null }, () => undefined, new AbortController().signal)
    if (reply === null) expect((await problemOf(judging)).message).toContain('refused the key')
    else await judging
    return settings.baseUrl
  }
  const shown = async (): Promise<unknown> => {
    const files = await evaluations.read(run.id)
    return { address: files.run.judge?.baseUrl, usable: judgingOf(files).map(({ usable }) => usable) }
  }

  const first = await judge('7')
  expect(await shown()).toEqual({ address: first, usable: [2] })
  await judge(null)
  expect(await shown()).toEqual({ address: first, usable: [2] })
  const other = await judge('8')
  expect(await shown()).toEqual({ address: other, usable: [2] })
})
