import { expect, it, onTestFinished } from 'vitest'
import { elementAt } from '../../../../src/contract/model/look-up'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { Checks } from '../../../../src/main/jobs/checks'
import { openProject } from '../../../../src/main/project/open-project'
import { jobContext } from '../../../fixtures/job-context'
import { scriptedEngine } from '../../../fixtures/scripted-engine'
import { sweptShort } from '../../../fixtures/swept-project'

it('takes its turn at the end of a sweep, before any other job can begin', async () => {
  const project = await openProject((await sweptShort()).project)
  onTestFinished(() => project.close())
  const pair = project.firstPair
  const context = jobContext(scriptedEngine({}, new WorkbenchError('cancelled', 'The engine was stopped.')))
  const checks = new Checks(context)
  const done = Promise.resolve()
  const started = checks.startAfter(pair, { id: elementAt(pair.sweeps, 0, 'sweep').id, done })
  await done
  expect(context.turns.running(pair)).toEqual(['answer check'])
  await started
  await context.turns.done(project)
})
