import { afterEach, expect, it, vi } from 'vitest'
import { NodeChild } from '../../../src/main/base/node-child'
import { Sandbox, SANDBOX_LIMITS } from '../../../src/main/sandbox/host'
import { MeasuringProcess } from '../../../src/main/measures/host'
import { pairPaths } from '../../../src/main/project/demo'
import { computeDistances } from '../../../src/main/readings/host'
import { promptMessages } from '../../../src/main/text/chat'
import { sampleLine, sampleRunFixture } from '../../fixtures/sample-documents'
import { problemOf } from '../../fixtures/problems'

/** Has the system end each process of the program when it is asked for something. */
function killWhenAsked(): void {
  vi.spyOn(NodeChild.prototype, 'post').mockImplementation(function (this: NodeChild) {
    if (this.pid !== undefined) process.kill(this.pid, 'SIGKILL')
  })
}

afterEach(() => {
  vi.restoreAllMocks()
})

const KILLED = 'was killed by SIGKILL (the system does this when memory runs out).'

it.each<[string, string, () => Promise<unknown>]>([
  [
    'reads a file',
    'The chat template in chat_template.jinja was not read: the process that reads it',
    () =>
      new Sandbox(SANDBOX_LIMITS).ask({
        ...{ kind: 'template', file: 'chat_template.jinja', source: 'x', date: '2026-01-01' },
        ...{ specialTokens: [], templateArguments: {}, chats: [promptMessages('Hi', '')] }
      })
  ],
  [
    'measures answers',
    'The process that measures answers',
    () =>
      new MeasuringProcess().ask({
        kind: 'run',
        run: sampleRunFixture(),
        samples: [sampleLine({ index: 0 })]
      })
  ],
  [
    'reads weights',
    'The process that reads weights',
    () => computeDistances(pairPaths({ kind: 'demo', pair: 'blend' }), new AbortController().signal, () => undefined)
  ]
])(
  'a process that %s is reported as killed, and neither as a defect nor by the fault of a file',
  async (_, subject, ask) => {
    killWhenAsked()
    const logged = vi.spyOn(console, 'error')
    expect(await problemOf(ask())).toEqual({
      code: 'engine-lost',
      message: `${subject} ${KILLED}`,
      hint: 'Close other programs, and try again.'
    })
    expect(logged).not.toHaveBeenCalled()
  }
)
