import { createServer } from 'node:http'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { contactFromText, contactText, EndpointAddress } from '../../../../src/contract/model/endpoint'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { listening } from '../../../fixtures/listening'

/** The modules as a program that has just started has them. */
async function started() {
  vi.resetModules()
  return {
    ...(await import('../../../../src/main/endpoint/confirmed-addresses')),
    ...(await import('../../../../src/main/endpoint/contact'))
  }
}

const { signal } = new AbortController()
let config: string
let requests: (string | undefined)[]
let baseUrl: string

beforeEach(async () => {
  config = join(await temporaryFolder(), 'config')
  vi.stubEnv('SLR_CONFIG_DIR', config)
  requests = []
  const server = createServer((request, response) => {
    requests.push(request.headers.authorization)
    response.end('{}')
  })
  baseUrl = `http://${await listening(server)}/v1`
})

it('contacts no address before the user has confirmed it with its key', async () => {
  const { confirmAddresses, sendRequest, tryConnection } = await started()
  const contact = { baseUrl, keyVariable: 'STRANGE_API_KEY' }
  const send = (): Promise<unknown> => sendRequest(contact, `${baseUrl}/models`, { apiKey: 'secret', signal })
  const problem = {
    code: 'bad-input',
    message: expect.stringMatching(/127\.0\.0\.1.* with the key in STRANGE_API_KEY/),
    hint: expect.stringContaining(`--allow-address STRANGE_API_KEY@${new URL(baseUrl).origin}`),
    unconfirmed: [contact]
  }
  await expect(send()).rejects.toMatchObject({ problem })
  await expect(tryConnection(contact, signal)).rejects.toMatchObject({ problem })
  await confirmAddresses([{ baseUrl, keyVariable: 'OTHER_API_KEY' }])
  await expect(send()).rejects.toThrow('STRANGE_API_KEY')
  expect(requests).toEqual([])

  await confirmAddresses([contact])
  await send()
  expect(requests).toEqual(['Bearer secret'])
  const pasted = sendRequest(contact, `${baseUrl}/models`, { apiKey: 'ключ', signal })
  await expect(pasted).rejects.toThrow('has characters that no key has')
  await expect(sendRequest(contact, 'http://127.0.0.1:9/v1', { apiKey: null, signal })).rejects.toThrow(RangeError)
})

it('keeps confirmed addresses for the next start, beside the configuration', async () => {
  const first = await started()
  await first.confirmAddresses([{ baseUrl, keyVariable: 'A_API_KEY' }])
  first.allowForThisRun([{ baseUrl: 'http://for-this-run.example/v1' }])
  const next = await started()
  await next.requireConfirmed([{ baseUrl, keyVariable: 'A_API_KEY' }, { baseUrl }])
  await expect(next.requireConfirmed([{ baseUrl: 'http://for-this-run.example/v1' }])).rejects.toThrow('confirmed')
  const file = join(config, 'confirmed-addresses.json')
  expect(await readFile(file, 'utf8')).toContain(`A_API_KEY@${new URL(baseUrl).origin}`)
  await writeFile(file, '{"schemaVersion": 1')
  await expect((await started()).requireConfirmed([{ baseUrl }])).rejects.toThrow('confirmed')
})

it('writes an address and its key as one text, and reads that', () => {
  const contact = { baseUrl: 'https://api.example.org:8443/v1/', keyVariable: 'OPENAI_API_KEY' }
  expect(contactText(contact)).toBe('OPENAI_API_KEY@https://api.example.org:8443')
  expect(contactFromText(contactText(contact))).toEqual({
    ...contact,
    baseUrl: 'https://api.example.org:8443'
  })
  expect(contactText({ baseUrl: 'HTTP://Api.Example.org/v1' })).toBe('http://api.example.org')
  for (const text of ['api.example.org', 'PATH@https://a.example', 'A_API_KEY@ftp://a.example']) {
    expect(contactFromText(text)).toBeNull()
  }
})

it.each(['http://h/v1?x=', 'http://h/v1?', 'http://h/v1#a', 'http://u@h/v1', 'http:u:p@h/v1', 'http:\\\\u@h/v1'])(
  'takes no address that says more than where: %s',
  (url) => {
    expect(EndpointAddress.safeParse({ baseUrl: url, model: 'm' }).success).toBe(false)
  }
)
