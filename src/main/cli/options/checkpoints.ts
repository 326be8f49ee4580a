import { texts } from './option-kinds'

export const checkpointOption = texts(
  '<folder>',
  'also score another checkpoint of the architecture; repeatable'
)
