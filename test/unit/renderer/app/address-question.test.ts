import { ORPCError } from '@orpc/client'
import { expect, it, vi } from 'vitest'
import { AddressQuestion, repeatOnceConfirmed } from '../../../../src/renderer/app/address-question.svelte'
import { settled } from '../../../fixtures/scripted-line'

const ADDRESS = { baseUrl: 'https://far.example/v1', keyVariable: 'FAR_API_KEY' }
const refusal = new ORPCError('WORKBENCH', {
  data: { code: 'bad-input', message: 'not confirmed', unconfirmed: [ADDRESS] }
})

it('repeats a call once the user has allowed its address, and leaves it refused otherwise', async () => {
  const question = new AddressQuestion()
  const confirm = vi.fn(() => Promise.resolve())
  const repeated = repeatOnceConfirmed(question, confirm)
  const refused = repeated({ next: () => Promise.reject(refusal) })
  await settled()
  expect(question.asked).toEqual([ADDRESS])
  question.close(false)
  await expect(refused).rejects.toBe(refusal)
  expect(confirm).not.toHaveBeenCalled()

  const next = vi.fn<() => Promise<string>>().mockRejectedValueOnce(refusal).mockResolvedValue('begun')
  const both = [repeated({ next }), repeated({ next: vi.fn().mockRejectedValueOnce(refusal).mockResolvedValue('too') })]
  await settled()
  question.close(true)
  // The second call asks for the same address, which is allowed by then.
  expect(await Promise.all(both)).toEqual(['begun', 'too'])
  expect(confirm).toHaveBeenCalledWith([ADDRESS])
  expect(question.asked).toBeNull()
})

it('asks nothing of any other failure', async () => {
  const question = new AddressQuestion()
  const error = new ORPCError('WORKBENCH', { data: { code: 'busy', message: 'no' } })
  await expect(
    repeatOnceConfirmed(question, () => Promise.resolve())({ next: () => Promise.reject(error) })
  ).rejects.toBe(error)
  expect(question.asked).toBeNull()
})
