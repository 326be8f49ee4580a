import { expect, it } from 'vitest'
import { templateVariables } from '../../../../src/main/text/template-variables'

it.each([
  ["{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] }}{% endfor %}", []],
  ['{%- if enable_thinking is defined and enable_thinking is false %}x{% endif %}', ['enable_thinking']],
  [
    '{% if not date_string is defined %}{% set date_string = "26 Jul 2024" %}{% endif %}{{ tools|tojson }}',
    ['date_string', 'tools']
  ],
  ['{% set ns = namespace(last=true) %}{{ ns.last }}{{ x.strip() }}', ['x']],
  ['{% macro show(part, deep=false) %}{{ part }}{{ deep }}{% endmacro %}{{ show(word, deep=true) }}', ['word']],
  ['{# hidden #} plain enable_thinking {{ "enable_thinking" }}', []],
  ['{% for key, value in extra.items() if key is string %}{{ loop.index }}{{ value }}{% endfor %}', ['extra']]
])('of %j are those that it reads and does not set', (source, names) => {
  expect(templateVariables(source)).toEqual(names)
})
