import { expect, it } from 'vitest'
import { BUILTIN_TASKS } from '../../../../../src/main/evaluation/builtin-tasks'
import { allTasks, taskOf } from '../../../../../src/main/project/results/stored-evaluation'
import { taskFixture } from '../../../../fixtures/evaluation-documents'
import { openDemo } from '../../../../fixtures/open-demo'

it('lists a task of the project in place of the built-in one with its id', async () => {
  const pair = (await openDemo()).firstPair
  const [id] = BUILTIN_TASKS
  await pair.project.tasks.save(taskFixture({ id }))
  const ids = (await allTasks(pair)).map(({ task }) => task.id)
  expect(ids.sort()).toEqual([...BUILTIN_TASKS].sort())
  expect((await taskOf(pair, id)).name).toBe('A task')
})
