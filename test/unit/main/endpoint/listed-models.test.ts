import { expect, it } from 'vitest'
import { listedModels } from '../../../../src/main/endpoint/listed-models'
import { startJudgeEndpoint } from '../../../fixtures/judge-endpoint'

it('says which models a server lists, with nothing sent but the key', async () => {
  const { settings, requests } = await startJudgeEndpoint((_, response) =>
    response.end(JSON.stringify({ data: [{ id: 'small' }, { id: 'large' }] }))
  )
  await expect(listedModels(settings, 'secret', undefined)).resolves.toEqual(['small', 'large'])
  expect(requests).toMatchObject([{ url: '/v1/models', key: 'Bearer secret', body: '' }])
})

it('says nothing of a server that has no list, refuses, or does not answer in time', async () => {
  for (const status of [404, 401]) {
    const refusing = await startJudgeEndpoint((_, response) => response.writeHead(status).end('no'))
    await expect(listedModels(refusing.settings, null, undefined)).resolves.toBeNull()
  }
  const silent = await startJudgeEndpoint(() => undefined)
  await expect(listedModels(silent.settings, null, undefined, 50)).resolves.toBeNull()
})
